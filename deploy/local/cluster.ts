/** All processes of one local cluster: started side by side as far as they can be, stopped one after the other. */
import { fileURLToPath } from 'node:url';
import { Fencing, latestFencing } from '../../src/cluster/fencing.js';
import { instanceConfig, type LauncherConfig, type RedisConfig } from '../../src/config.js';
import { formatHostPort } from '../../src/runtime/address.js';
import type { Clock } from '../../src/runtime/clock.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { serversUp } from './admin-socket.js';
import { autoscalerProgram, policyFile } from './autoscaler.js';
import { poll } from './child.js';
import { type ControlChild, ControlError, type ControlRequest } from './control-protocol.js';
import { ControlSocket } from './control-socket.js';
import type { DataFolder } from './data-folder.js';
import { Doors } from './doors.js';
import { type HaproxyPorts, SocketFolder } from './haproxy.js';
import { Instances, type RunningInstance } from './instances.js';
import { Logs } from './logs.js';
import { instanceProgram, type PlainReady } from './node-programs.js';
import type { Options } from './options.js';
import type { ChildNotes } from './orphans.js';
import { freePort } from './ports.js';
import {
  announceStop,
  openCluster,
  operatorUrl,
  type Ready as RedisReady,
  redisConfig,
  redisProgram,
} from './redis.js';
import type { ClusterFacts, Report } from './report.js';
import type { Secrets } from './secrets.js';
import { StartFailed } from './start-failed.js';
import { Supervised } from './supervised.js';

/** The files that are run; tests put small programs in their place. */
export interface Programs {
  readonly instance: string;
  readonly controller: string;
  readonly autoscaler: string;
  readonly haproxyConfig: string;
  /** What HAProxy's backend of instances is made from. */
  readonly haproxyBackend: string;
}

const inPackage = (path: string) => fileURLToPath(new URL(path, packageRoot));

export const builtPrograms: Programs = {
  instance: inPackage('dist/src/main.js'),
  controller: inPackage('dist/haproxy/main.js'),
  autoscaler: inPackage('dist/autoscaler/main.js'),
  haproxyConfig: inPackage('haproxy/haproxy.cfg'),
  haproxyBackend: inPackage('haproxy/game.cfg'),
};

export interface Plan {
  readonly options: Options;
  /** One for each HAProxy, on ports that were found free. */
  readonly doors: readonly HaproxyPorts[];
  /** PEM file; undefined: players speak plain text. */
  readonly certificate: string | undefined;
  readonly config: LauncherConfig;
  readonly programs: Programs;
  readonly folder: DataFolder;
  readonly secrets: Secrets;
  readonly notes: ChildNotes;
  readonly report: Report;
  readonly clock: Clock;
}

/** Longest time until HAProxy calls all instances up, ms. */
const ROUTED_MS = 15_000;
/** The instances stay on this machine. */
const INSTANCE_HOST = '127.0.0.1';

export class LocalCluster {
  private readonly redis: Supervised<RedisReady> | undefined;
  private readonly doors: Doors;
  private readonly instances: Instances;
  private readonly logs: Logs;
  private readonly control: ControlSocket;
  private readonly autoscaler: Supervised<PlainReady> | undefined;
  private readonly policy: string | undefined;
  private readonly fencing = new Fencing();
  private announced = false;
  private stopped: Promise<void> | undefined;

  private constructor(
    private readonly plan: Plan,
    private readonly redisConfig: RedisConfig,
    private readonly sockets: SocketFolder,
    private readonly redisPort: number | undefined,
  ) {
    const { options, config, programs, folder, secrets, notes, report, clock } = plan;
    const environment = { ...config.environment, REDIS_URL: redisConfig.REDIS_URL };
    this.logs = new Logs(folder.logs, clock, report.tell);
    const around = { clock, notes, logs: this.logs, tell: report.tell, changed: () => this.changed() };
    if (redisPort !== undefined) {
      this.redis = new Supervised(redisProgram(folder, secrets, config, redisPort), around);
    }
    this.doors = new Doors(
      {
        doors: plan.doors,
        host: options.host,
        certificate: plan.certificate,
        haproxyConfig: programs.haproxyConfig,
        haproxyBackend: programs.haproxyBackend,
        controller: programs.controller,
        secrets,
        environment: config.environment,
        controllerEnvironment: environment,
        folder: inPackage('.'),
        socketOf: (position) => sockets.haproxy(position),
        masterOf: (position) => sockets.master(position),
        backendOf: (position) => folder.haproxyBackend(position),
      },
      around,
    );
    const forInstances = {
      ...environment,
      // A page of one door may go on through the other.
      HOKM_ORIGINS: [config.environment.HOKM_ORIGINS ?? '', ...this.doors.origins].join(','),
      HOKM_HOST: INSTANCE_HOST,
      HOKM_PORT: '0',
      HOKM_CLUSTER_SECRET: config.HOKM_CLUSTER_SECRET ?? secrets.clusterSecret,
      HOKM_OPS_TOKEN: this.opsToken,
      ...(redisPort === undefined ? {} : { HOKM_REDIS_FOLDER: folder.redis }),
    };
    // Told here, once, instead of by every instance in its log.
    instanceConfig(forInstances);
    this.instances = new Instances((position) => instanceProgram(programs.instance, position, forInstances), around);
    this.control = new ControlSocket(sockets.control, (request) => this.answer(request));
    if (options.autoscaler) {
      const { instances } = options;
      const { tell } = report;
      const scaled = {
        file: programs.autoscaler,
        environment,
        controlSocket: sockets.control,
        folder,
        instances,
        tell,
      };
      this.policy = policyFile(scaled);
      this.autoscaler = new Supervised(autoscalerProgram(scaled, this.policy), around);
    }
  }

  /** @throws ConfigError when the environment's settings make no sense to an instance. */
  static async prepare(plan: Plan): Promise<LocalCluster> {
    const external = plan.config.REDIS_URL !== undefined || plan.config.REDIS_SENTINELS.length > 0;
    const redis = external ? undefined : await freePort();
    const config = redisConfig(plan.config, plan.secrets, redis);
    return new LocalCluster(plan, config, new SocketFolder(plan.folder), redis);
  }

  /**
   * Resolves when players can come: HAProxy calls every instance up.
   * @throws StartFailed, RedisUnavailable; what was started then still has to be stopped.
   */
  async start(): Promise<void> {
    // The controller needs HAProxy's admin socket, everything else Redis.
    this.logs.start();
    const proxy = this.doors.startHaproxies();
    proxy.catch(() => undefined);
    await this.redis?.start();
    await openCluster(this.redisConfig);
    const controlled = proxy.then(() => this.doors.startControllers());
    const wanted = Array.from({ length: this.plan.options.instances }, () => this.instances.add());
    const [instances] = await Promise.all([Promise.all(wanted), controlled]);
    await this.control.listen();
    await Promise.all([this.routed(instances), this.autoscaler?.start()]);
    this.announced = true;
    this.changed();
  }

  private get opsToken(): string {
    return this.plan.config.HOKM_OPS_TOKEN ?? this.plan.secrets.opsToken;
  }

  facts(): ClusterFacts {
    const { secrets, certificate = null } = this.plan;
    const haproxies = this.doors.facts();
    const [first] = haproxies;
    if (!first) throw new Error('a cluster has at least one HAProxy');
    return {
      schema: 'hokm/cluster@1',
      player_url: first.player_url,
      ws_url: first.ws_url,
      player_urls: haproxies.map(({ player_url }) => player_url),
      certificate,
      stats_url: first.stats_url,
      stats_user: secrets.statsUser,
      stats_password: secrets.statsPassword,
      metrics_url: first.metrics_url,
      redis_url: operatorUrl(this.redisConfig, secrets, this.redisPort),
      redis_prefix: this.redisConfig.HOKM_PREFIX,
      ops_token: this.opsToken,
      haproxy_socket: first.socket,
      control_socket: this.sockets.control,
      policy: this.policy ?? null,
      instances: this.instances.running.map(({ id, port, pid }) => ({ id, port, pid })),
      haproxies,
      pids: {
        redis: this.redis?.current?.pid ?? null,
        ...first.pids,
        autoscaler: this.autoscaler?.current?.pid ?? null,
      },
    };
  }

  /** Instances first, while Redis and HAProxy still serve them; Redis last. Never rejects. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  /** Somebody else has rotated the logs. */
  reopenLogs(): void {
    this.logs.reopen();
  }

  /** Ends everything at once, without waiting. */
  kill(): void {
    for (const part of [this.autoscaler, this.instances, this.doors, this.redis]) part?.kill();
  }

  private async stopAll(): Promise<void> {
    this.announced = false;
    await this.autoscaler?.stop();
    const own = this.facts().instances.map(({ id }) => id);
    if (own.length > 0) {
      await announceStop(this.redisConfig, own).catch(() => this.plan.report.tell('Redis cannot be told of the stop'));
    }
    await this.instances.close();
    await this.doors.stop();
    await this.redis?.stop();
    this.control.close();
    this.logs.stop();
    this.sockets.remove();
  }

  /** What the control socket is asked. @throws ControlError */
  private async answer(request: ControlRequest): Promise<object> {
    switch (request.request) {
      case 'status': {
        const state = this.stopped ? 'stopping' : 'running';
        return { state, pid: process.pid, instances: this.instances.running.length };
      }
      case 'list':
        return { children: this.children() };
      case 'add-instance':
        this.assertCurrent(request);
        return this.instances.add(request.key).catch((error: Error) => {
          if (error instanceof StartFailed) throw new ControlError('START_FAILED', error.message);
          throw error;
        });
      case 'stop-instance':
        this.assertCurrent(request);
        return this.instances.stop(request.id);
    }
  }

  /** @throws ControlError for an order of an autoscaler that has lost its lock */
  private assertCurrent({ fencing }: { readonly fencing?: number | undefined }): void {
    if (this.fencing.admits(fencing, { latest: latestFencing(this.plan.clock.now()) })) return;
    throw new ControlError(
      'OUTDATED',
      `The order is outdated: it carries the number ${fencing}, ${this.fencing.seen} has been seen.`,
    );
  }

  private children(): ControlChild[] {
    return [
      ...(this.redis ? [childOf('redis', this.redis)] : []),
      ...this.doors.children.map(([kind, child]) => childOf(kind, child)),
      ...this.instances.all.map((instance) => childOf('instance', instance)),
      ...(this.autoscaler ? [childOf('autoscaler', this.autoscaler)] : []),
    ];
  }

  private changed(): void {
    if (this.announced) this.plan.report.keep(this.facts(), this.plan.folder);
  }

  private async routed(instances: readonly RunningInstance[]): Promise<void> {
    const { clock } = this.plan;
    const since = clock.monotonic();
    const late = new AbortController();
    const timer = clock.after(ROUTED_MS, () => late.abort());
    const missing = async () => {
      const up = await Promise.all(this.doors.sockets.map(serversUp));
      return instances.filter(
        ({ port }) => !up.every((servers) => servers.has(formatHostPort({ host: INSTANCE_HOST, port }))),
      );
    };
    try {
      await poll(clock, late.signal, async () => (await missing()).length === 0 || undefined);
    } catch {
      const names = await missing().catch(() => instances);
      const which = names.map(({ id }) => id).join(', ');
      throw new StartFailed(
        `HAProxy does not call ${which} up after ${ROUTED_MS / 1000} s; see ${this.plan.folder.logs}.`,
      );
    } finally {
      timer.cancel();
    }
    this.plan.report.tell(`all instances reachable (${((clock.monotonic() - since) / 1000).toFixed(1)} s)`);
  }
}

function childOf(kind: ControlChild['kind'], child: Supervised<object>): ControlChild {
  const { current, phase, program } = child;
  const ready: { readonly id?: string; readonly port?: number } = current?.ready ?? {};
  const { id = null, port = null } = ready;
  return { kind, name: program.logName, id, pid: current?.pid ?? null, port, state: phase };
}
