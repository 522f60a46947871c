/**
 * Instances as containers of one Docker engine, beside those of a compose project's service and made like them: the same
 * image, settings, secrets and network. They bear the labels of the project too, so that `docker compose` shows them, and
 * removes them with the rest. A container that has ended is removed by the engine.
 */
import type Docker from 'dockerode';
import type { Inspected, Summary } from 'dockerode';
import { Fencing } from '../../src/cluster/fencing.js';
import type { DriverPolicy } from '../policy/schema.js';
import { assertCurrent, type Driver, DriverError, find, type Listed, type Target } from './driver.js';

export type DockerPolicy = Extract<DriverPolicy, { type: 'docker' }>;

const PROJECT = 'com.docker.compose.project';
const SERVICE = 'com.docker.compose.service';
const NUMBER = 'com.docker.compose.container-number';
/** The order that made the container; those of `docker compose` have none. */
const KEY = 'hokm.key';

const NOT_FOUND = 404;
const CONFLICT = 409;
const NOT_MODIFIED = 304;

export class DockerDriver implements Driver {
  readonly name = 'docker';
  readonly startsOnce = true;
  private readonly fencing = new Fencing();
  private engine: Docker | undefined;

  constructor(private readonly policy: DockerPolicy) {}

  async start(key: string, fencing: number): Promise<string> {
    assertCurrent(this.fencing, fencing);
    const { project, service } = this.policy;
    const all = await this.containers();
    const model = modelAmong(all);
    if (!model) {
      throw new DriverError(
        `There is no container of ${project}/${service} to make another like it, not even one that has ended: run docker compose up.`,
      );
    }
    const name = `${project}-${service}-${key}`;
    const engine = await this.open();
    const inspected = await this.asked('look at the container', engine.getContainer(model.Id).inspect());
    const made = await this.asked(
      'create a container',
      // The name is taken: the order has come before.
      except(engine.createContainer({ name, ...likeness(inspected, model, key, nextNumber(all), service) }), CONFLICT),
    );
    try {
      await this.asked('start the container', except(engine.getContainer(name).start(), NOT_MODIFIED));
    } catch (error) {
      // It would be taken for one that starts. What keeps it from being removed says less than what kept it from starting.
      await made?.remove().catch(() => undefined);
      throw error;
    }
    return name;
  }

  async stop(target: Target, fencing: number): Promise<void> {
    assertCurrent(this.fencing, fencing);
    const alive = (await this.containers()).filter(isAlive);
    // An instance says at which address it is reached: its container's.
    const at = target.host === undefined ? [] : alive.filter((each) => addresses(each).includes(target.host ?? ''));
    const named = find(alive.map(listed), target);
    const [one] =
      target.handle === undefined && at.length === 1 ? at : alive.filter((each) => nameOf(each) === named?.handle);
    if (!one) return;
    const engine = await this.open();
    // Not the engine's own stop, which waits for the end and then forces it. One that has ended meanwhile is no error.
    const order = except(engine.getContainer(one.Id).kill({ signal: 'SIGTERM' }), NOT_FOUND, CONFLICT);
    await this.asked('stop the container', order);
  }

  async list(): Promise<readonly Listed[]> {
    return (await this.containers()).filter(isAlive).map(listed);
  }

  takeFailures(): readonly string[] {
    return [];
  }

  async close(): Promise<void> {}

  /** Those that have ended, too. */
  private async containers(): Promise<readonly Summary[]> {
    const { project, service } = this.policy;
    const engine = await this.open();
    const filters = { label: [`${PROJECT}=${project}`, `${SERVICE}=${service}`] };
    return this.asked('list its containers', engine.listContainers({ all: true, filters }));
  }

  /** The library is loaded when it is used: whoever has another driver need not have it. */
  private async open(): Promise<Docker> {
    if (this.engine) return this.engine;
    let library: typeof import('dockerode');
    try {
      library = await import('dockerode');
    } catch {
      throw new DriverError(
        'The docker driver needs the package dockerode, which is not installed: npm ci without --omit=optional.',
      );
    }
    const { socket: socketPath, timeout_s } = this.policy;
    this.engine = new library.default({ socketPath, timeout: timeout_s * 1000 });
    return this.engine;
  }

  private async asked<T>(what: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const [why] = reason(error).trim().split('\n');
      throw new DriverError(`The Docker engine at ${this.policy.socket} does not ${what}: ${why}`);
    }
  }
}

const nameOf = ({ Names: [name = ''], Id }: Summary) => name.replace(/^\//, '') || Id;
const listed = (container: Summary): Listed => ({ handle: nameOf(container) });
/** `created` is one that is being started: one whose start failed is removed at once. */
const isAlive = ({ State }: Summary) => !['exited', 'dead', 'removing'].includes(State);
const addresses = ({ NetworkSettings: { Networks } }: Summary) =>
  Object.values(Networks).map((network) => network.IPAddress);

/** The newest that `docker compose` made; of those that this driver made only where no other is left. */
function modelAmong(all: readonly Summary[]): Summary | undefined {
  const byAge = [...all].sort((a, b) => b.Created - a.Created);
  return byAge.find(({ Labels }) => Labels[KEY] === undefined) ?? byAge[0];
}

const nextNumber = (all: readonly Summary[]) =>
  1 + Math.max(0, ...all.map(({ Labels }) => Number(Labels[NUMBER] ?? 0)));

/** What the Engine API is told, to have one more of the kind. */
function likeness(
  { Image, Config, HostConfig, NetworkSettings }: Inspected,
  model: Summary,
  key: string,
  number: number,
  service: string,
): Record<string, unknown> {
  const networks = Object.keys(NetworkSettings.Networks);
  if (networks.length > 1) {
    throw new DriverError(`A container of ${service} is in ${networks.length} networks; the docker driver knows one.`);
  }
  // The host's name is made from the container's own id.
  const { Hostname: _, ...config } = Config;
  return {
    ...config,
    // By its id: the same version, whatever the tag has come to mean.
    Image,
    Labels: { ...model.Labels, [NUMBER]: String(number), [KEY]: key },
    HostConfig: { ...HostConfig, AutoRemove: true, RestartPolicy: { Name: 'no' }, PortBindings: {} },
    NetworkingConfig: { EndpointsConfig: { [HostConfig.NetworkMode]: { Aliases: [service] } } },
  };
}

/** Undefined where the engine answers with one of these. */
async function except<T>(answer: Promise<T>, ...statuses: readonly number[]): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const { statusCode } = error as { readonly statusCode?: number };
    if (statusCode !== undefined && statuses.includes(statusCode)) return undefined;
    throw error;
  }
}

/** As the engine says it, without the library's words around it. */
function reason(error: unknown): string {
  const { json, message, code } = error as {
    readonly json?: { readonly message?: string };
    readonly message?: string;
    readonly code?: string;
  };
  return json?.message ?? (message || code || 'it gives no reason');
}
