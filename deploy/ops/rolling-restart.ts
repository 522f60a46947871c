/**
 * Restarts every instance of a running cluster, one after the other, while it is played on. Before one is stopped a
 * new one is there and gets players, so that capacity never falls; rooms move only to restarted ones, so that each moves
 * once.
 */
import { randomInt } from 'node:crypto';
import { Registry } from '../../src/cluster/registry.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { type Clock, sleep } from '../../src/runtime/clock.js';
import type { Fleet, Started } from './fleet.js';
import { ToolFailed } from './tool.js';

export interface RollingRestartDeps {
  readonly fleet: Fleet;
  readonly redis: RedisConnection;
  /** Whether a new instance gets players from every HAProxy. */
  readonly getsPlayers: (started: Started) => Promise<boolean>;
  /** Where a start or a stop can take longer than KEY_MS. */
  readonly longestStepMs?: number | undefined;
  readonly clock: Clock;
  /** A line about what is going on. */
  readonly tell: (line: string) => void;
  /** Whether to stop at the next point where the cluster is whole. */
  readonly interrupted: () => boolean;
}

/** The key outlives each step, and a tool that was killed by not much. */
const KEY_MS = 60_000;
/** From the instance's readiness to HAProxy's, ms. */
const UP_MS = 15_000;
/** Redis may be away for so long, as in a failover; nothing is stopped meanwhile. */
const REDIS_AWAY_MS = 30_000;
const REDIS_RETRY_MS = 100;

export class RollingRestart {
  private since = '';
  private readonly key: string;
  private readonly keyMs: number;

  constructor(private readonly deps: RollingRestartDeps) {
    this.key = deps.redis.keyspace.rollingRestart;
    this.keyMs = Math.max(KEY_MS, deps.longestStepMs ?? 0);
  }

  /**
   * Ends with as many instances as there were.
   * @throws ToolFailed, ControlError; the cluster then goes on with what it has.
   */
  async run(): Promise<void> {
    const { redis, tell } = this.deps;
    const old = await this.deps.fleet.running();
    if (old.length === 0) throw new ToolFailed('No instance is ready; there is nothing to restart.');
    const now = await this.patiently(() => new Registry(redis, 0).time());
    // The fraction tells two that start in the same millisecond apart.
    this.since = `${now}.${randomInt(2 ** 32)}`;
    await this.patiently(() => redis.set(this.key, this.since, 'PX', this.keyMs, 'NX'));
    // Asked again without having heard, the key may be our own.
    if ((await this.patiently(() => redis.get(this.key))) !== this.since) {
      throw new ToolFailed(
        `A rolling restart is under way, or was killed within the last ${this.keyMs / 1_000} s: ${this.key} is set.`,
      );
    }
    tell(`Restarting ${old.length} instance(s), one at a time.`);
    try {
      await this.replace(old);
    } finally {
      await this.forget().catch(() => undefined);
    }
  }

  /** Ends the time of the restarted ones; called by `run` as well. */
  async forget(): Promise<void> {
    if ((await this.deps.redis.get(this.key)) === this.since) await this.deps.redis.del(this.key);
  }

  private async replace(old: readonly string[]): Promise<void> {
    const { tell, interrupted } = this.deps;
    const unclean: string[] = [];
    let spare: string | undefined;
    for (const [at, id] of old.entries()) {
      if (interrupted()) {
        if (spare !== undefined) await this.stopOne(spare, 'not needed');
        throw new ToolFailed(`Interrupted: ${at} of ${old.length} are restarted.`);
      }
      if (await this.isRunning(id)) {
        spare ??= await this.addOne();
        // Between the look and now it may have ended by itself as well.
        const end = (await this.isRunning(id)) ? await this.stopOne(id, `${at + 1}/${old.length}`) : 'gone';
        if (end !== 'gone') spare = undefined;
        if (end === 'unclean') unclean.push(id);
        if (end !== 'gone') continue;
      }
      tell(`  ${id} has ended by itself, its successor stays`);
    }
    if (spare !== undefined) await this.stopOne(spare, 'one too many');
    if (unclean.length > 0) {
      throw new ToolFailed(
        `All are restarted, but ${unclean.join(', ')} did not stop in order: its rooms were taken over by the others.`,
      );
    }
    tell(`Done: ${old.length} instance(s) restarted.`);
  }

  /** Its id. */
  private async addOne(): Promise<string> {
    const { fleet, clock, getsPlayers, tell } = this.deps;
    await this.keepKey();
    const since = clock.monotonic();
    const added = await fleet.add();
    const { id } = added;
    const seconds = () => ((clock.monotonic() - since) / 1_000).toFixed(1);
    const readyAfter = seconds();
    const deadline = clock.monotonic() + UP_MS;
    while (!(await getsPlayers(added).catch(() => false))) {
      if (clock.monotonic() > deadline) {
        await fleet.stop(id);
        throw new ToolFailed(
          `HAProxy does not call the new ${id} up after ${UP_MS / 1_000} s; it was stopped again. See the controller's log.`,
        );
      }
      await sleep(clock, 50);
    }
    tell(`  ${id} started: ready after ${readyAfter} s, gets players after ${seconds()} s`);
    return id;
  }

  private async stopOne(id: string, which: string): Promise<'clean' | 'unclean'> {
    const { fleet, clock, tell } = this.deps;
    await this.keepKey();
    const since = clock.monotonic();
    const { clean, how } = await fleet.stop(id);
    const took = ((clock.monotonic() - since) / 1_000).toFixed(1);
    tell(`  ${id} stopped (${which}): ${how} after ${took} s`);
    return clean ? 'clean' : 'unclean';
  }

  /** A Redis that forgot it meanwhile is told again. @throws ToolFailed */
  private async keepKey(): Promise<void> {
    await this.patiently(() => this.deps.redis.set(this.key, this.since, 'PX', this.keyMs));
  }

  /** A Redis that is away, or refuses as in a failover, is asked again for a while. @throws ToolFailed */
  private async patiently<Reply>(ask: () => Promise<Reply>): Promise<Reply> {
    const { clock } = this.deps;
    const deadline = clock.monotonic() + REDIS_AWAY_MS;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (clock.monotonic() > deadline) {
          throw new ToolFailed(`Redis does not answer for ${REDIS_AWAY_MS / 1_000} s: ${(error as Error).message}`);
        }
        await sleep(clock, REDIS_RETRY_MS);
      }
    }
  }

  private async isRunning(id: string): Promise<boolean> {
    return (await this.deps.fleet.running()).includes(id);
  }
}
