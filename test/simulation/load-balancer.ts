/** The way into a simulated cluster: HAProxy with the controller of production beside it, which may die and start again. */
import { Controller } from '../../haproxy/controller.js';
import { Registry } from '../../src/cluster/registry.js';
import { controllerConfig } from '../../src/config.js';
import { ClusterClock } from '../../src/runtime/clock.js';
import type { Logger } from '../../src/runtime/log.js';
import { SimulatedHAProxy } from './haproxy.js';
import { Process } from './process.js';
import { SimulatedConnection } from './redis/connection.js';
import type { World } from './world.js';

const config = controllerConfig({ HAPROXY_SOCKET: '/simulated' });
const ignore = () => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore } as unknown as Logger;

export class LoadBalancer {
  readonly haproxy: SimulatedHAProxy;
  private controller: Process | undefined;
  private started = 0;

  constructor(
    private readonly world: World,
    private readonly startsAt: number,
  ) {
    const { timeline, ways, random, members } = world;
    this.haproxy = new SimulatedHAProxy({
      process: new Process(timeline, 'haproxy'),
      ways,
      random,
      members,
      cut: (member) => member.instance.cutPlayers(),
    });
    this.startController();
  }

  /** The controller ends, and another one starts after `ms`. */
  replaceController(ms: number): void {
    this.controller?.kill();
    this.world.timeline.after(ms, () => this.startController());
  }

  end(): void {
    this.controller?.kill();
    this.controller = undefined;
  }

  private startController(): void {
    const { timeline, network, server, random, coverage } = this.world;
    if (this.world.over) return;
    const id = `haproxy-controller-${this.started++}`;
    const process = new Process(timeline, id);
    this.controller = process;
    const clock = new ClusterClock(process, this.startsAt);
    const [redis, messages] = [false, true].map((patient) =>
      new SimulatedConnection({ process, network, server, random }, patient).asConnection(),
    );
    if (!redis || !messages) return;
    const registry = new Registry(redis, config.HOKM_LEASE_MS);
    const parts = {
      id,
      config,
      api: this.haproxy,
      backendFile: undefined,
      oldWorkers: undefined,
      redis,
      messages,
      registry,
      clock,
      log,
    };
    // It starts once its connections can be used; what it cannot do then ends it.
    const ready = [redis, messages].map(
      (connection) => new Promise<void>((resolve) => connection.on('ready', () => resolve())),
    );
    Promise.all(ready)
      .then(() => new Controller(parts).start())
      .then(() => coverage.count('player', 'controller started'))
      .catch(() => this.replaceController(config.HOKM_HEARTBEAT_MS));
  }
}
