/** The instances of a cluster, as a rolling restart changes them: by the supervisor of a local one, else by a driver. */
import type { Driver } from '../../autoscaler/drivers/driver.js';
import type { InstanceRecord, Registry } from '../../src/cluster/registry.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import { formatHostPort } from '../../src/runtime/address.js';
import { type Clock, sleep } from '../../src/runtime/clock.js';
import { randomHex } from '../../src/runtime/random.js';
import type { ControlAnswer, ControlRequest } from '../local/control-protocol.js';
import { ToolFailed } from './tool.js';

export interface Started {
  readonly id: string;
  /** Where HAProxy reaches it. */
  readonly place: string;
}

export interface Stopped {
  /** It gave all its rooms away. */
  readonly clean: boolean;
  /** For people. */
  readonly how: string;
}

export interface Fleet {
  /** The ids of those that take players. */
  running(): Promise<readonly string[]>;
  /** Starts one more; resolves when it is ready. @throws ToolFailed, ControlError, DriverError */
  add(): Promise<Started>;
  /** Stops it in order; resolves when it has ended. @throws ToolFailed, ControlError, DriverError */
  stop(id: string): Promise<Stopped>;
}

export type AskSupervisor = <Name extends ControlRequest['request']>(
  request: Extract<ControlRequest, { request: Name }>,
) => Promise<ControlAnswer<Name>>;

/** The instances of `npm start`, on loopback. */
export function supervisedFleet(ask: AskSupervisor, host: string): Fleet {
  return {
    async running() {
      const { children } = await ask({ request: 'list' });
      return children.flatMap(({ kind, id }) => (kind === 'instance' && id !== null ? [id] : []));
    },
    async add() {
      const { id, port } = await ask({ request: 'add-instance' });
      return { id, place: formatHostPort({ host, port }) };
    },
    async stop(id) {
      const { exit_code, signal } = await ask({ request: 'stop-instance', id });
      return { clean: exit_code === 0, how: signal ?? `exit code ${exit_code}` };
    },
  };
}

export interface DrivenFleetDeps {
  readonly driver: Driver;
  readonly registry: Pick<Registry, 'list' | 'get' | 'isListed'>;
  readonly clock: Clock;
  /** The number of the autoscaler's lock: drivers and supervisors refuse older orders. */
  readonly fencing: () => Promise<number>;
  /** Longest time from the order to an instance that is ready, ms. */
  readonly bootMs: number;
}

/** Above the longest drain, ms. */
const STOP_MS = 90_000;
const LOOK_MS = 100;

/** Instances anywhere, which the autoscaler's driver starts and stops; what becomes of them is seen in the registry. */
export function drivenFleet({ driver, registry, clock, fencing, bootMs }: DrivenFleetDeps): Fleet {
  const ready = async () => (await registry.list()).instances.filter(({ status }) => status === 'ready');
  /** A registry that does not answer for a moment, as in a failover, is asked again. */
  const eventually = async <T>(ms: number, look: () => Promise<T | undefined>): Promise<T | undefined> => {
    const deadline = clock.monotonic() + ms;
    for (;;) {
      const found = await look().catch(() => undefined);
      if (found !== undefined || clock.monotonic() > deadline) return found;
      await sleep(clock, LOOK_MS);
    }
  };
  return {
    running: async () => (await ready()).map(({ id }) => id),
    async add() {
      const before = new Set((await registry.list()).instances.map(({ id }) => id));
      const key = `restart-${randomHex(8)}`;
      await driver.start(key, await fencing());
      const fresh = await eventually<InstanceRecord | 'failed'>(bootMs, async () => {
        if (driver.takeFailures().includes(key)) return 'failed';
        return (await ready()).find(({ id }) => !before.has(id));
      });
      if (fresh === 'failed') throw new ToolFailed('The new instance could not be started.');
      if (!fresh) throw new ToolFailed(`No new instance is ready after ${bootMs / 1_000} s.`);
      return { id: fresh.id, place: formatHostPort(fresh) };
    },
    async stop(id) {
      const instance = id as InstanceId;
      const record = await registry.get(instance);
      await driver.stop({ id, ...(record ? { host: record.host, port: record.port } : {}) }, await fencing());
      const gone = await eventually(STOP_MS, async () => {
        const now = await registry.get(instance);
        return now === undefined || now.status === 'stopped' ? true : undefined;
      });
      if (!gone) throw new ToolFailed(`${id} was told to stop, and is still there after ${STOP_MS / 1_000} s.`);
      // One that still has rooms stays listed, so that the others find them.
      const clean = !(await registry.isListed(instance));
      return { clean, how: clean ? 'in order' : 'with rooms that the others take over' };
    },
  };
}
