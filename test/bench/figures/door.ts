/** A cluster as players reach it: instances behind HAProxy with its controller. */
import type { InstanceId } from '../../../src/protocol/ids.js';
import { startController, startHAProxy, type TestHAProxy } from '../../haproxy/support.js';
import { end, startRedis, type TestRedis, until } from '../../support/programs.js';
import * as servers from '../servers.js';
import { pin } from '../stand.js';

/** The defaults of a cluster, not the quick ones of the tests. */
const LIFE = {
  HOKM_LEASE_MS: '5000',
  HOKM_HEARTBEAT_MS: '1000',
  HOKM_RECONCILE_MS: '2000',
  HOKM_DELETE_WAIT_MS: '15000',
};

export class Door {
  readonly instances: servers.Server[] = [];

  private constructor(
    private readonly redis: TestRedis,
    private readonly haproxy: TestHAProxy,
    private readonly controller: Awaited<ReturnType<typeof startController>>,
  ) {}

  static async open(instances: number): Promise<Door> {
    const [redis, haproxy] = await Promise.all([startRedis(), startHAProxy()]);
    const controller = await startController(redis, haproxy, LIFE);
    const { pid: worker } = await haproxy.api.info();
    for (const pid of [redis.process.pid, controller.pid, worker]) if (pid !== undefined) pin(pid);
    const door = new Door(redis, haproxy, controller);
    for (let count = 0; count < instances; count++) await door.add();
    return door;
  }

  /** Where players connect. */
  get port(): number {
    return this.haproxy.port;
  }

  async add(): Promise<void> {
    const instance = await servers.startInstance(this.redis.url, { env: { LOG_LEVEL: 'silent' } });
    this.instances.push(instance);
    await until('HAProxy has it', async () => {
      const known = await this.haproxy.api.servers();
      return known.some(({ name, state, up }) => name === (instance.id as InstanceId) && state === 'ready' && up);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.instances.map(({ process: instance }) => instance.stop()));
    await Promise.all([this.haproxy.stop(), end(this.controller)]);
    await this.redis.stop();
  }
}
