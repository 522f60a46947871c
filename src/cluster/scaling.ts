/**
 * What the autoscaler tells this instance: to give its rooms away and wait for its end, or to stay after all. Meanwhile
 * the instance says "draining": no new player is sent here, and whoever comes all the same is served until the room moves.
 */
import type { MessageOf } from '../protocol/cluster.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { Bus } from './bus.js';
import type { Drain } from './drain.js';
import type { Fencing } from './fencing.js';
import type { HeartbeatLease } from './lease.js';
import type { Registry } from './registry.js';
import type { Self } from './self.js';

export interface ScalingDeps {
  readonly self: Self;
  readonly bus: Bus;
  readonly fencing: Fencing;
  readonly drain: Drain;
  readonly lease: Pick<HeartbeatLease, 'renew'>;
  readonly registry: Pick<Registry, 'announce' | 'fencingBounds'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Until rooms that nobody has taken are offered again, and those that came meanwhile for the first time. */
const AGAIN_MS = 500;

export class Scaling {
  /** Aborted when the drain is called off or the process stops; undefined while there is none. */
  private leaving: AbortController | undefined;
  private round = Promise.resolve();
  private pause: Timer | undefined;
  private stopped = false;

  constructor(private readonly deps: ScalingDeps) {
    deps.bus.on('scaling_event', (message) => this.told(message));
  }

  /** From now on nothing is obeyed; resolves when no move of a drain is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.end();
    await this.round;
  }

  private async told({ event, instance, fencing }: MessageOf<'scaling_event'>): Promise<void> {
    const { deps } = this;
    if (!deps.fencing.admits(fencing, await deps.registry.fencingBounds())) {
      deps.log.warn({ event, fencing, seen: deps.fencing.seen }, 'outdated scaling event refused');
      return;
    }
    if (instance !== deps.self.id || this.stopped) return;
    if (event === 'scale_down_prepare') await this.leave();
    else await this.stay();
  }

  private async leave(): Promise<void> {
    const { self, log } = this.deps;
    if (self.status !== 'ready') return;
    log.info('told to give all rooms away');
    this.leaving = new AbortController();
    self.status = 'draining';
    this.giveAway(this.leaving.signal);
    await this.tellAll();
  }

  private async stay(): Promise<void> {
    const { self, log } = this.deps;
    if (!this.leaving) return;
    this.end();
    log.info('told to stay');
    self.status = 'ready';
    await this.tellAll();
  }

  private end(): void {
    this.leaving?.abort();
    this.leaving = undefined;
    this.pause?.cancel();
  }

  private giveAway(signal: AbortSignal): void {
    const { drain, clock } = this.deps;
    this.round = drain.giveAway(signal).then(() => {
      if (!signal.aborted) this.pause = clock.after(AGAIN_MS, () => this.giveAway(signal));
    });
  }

  /** The next heartbeat tells it as well, within a second. */
  private async tellAll(): Promise<void> {
    await this.deps.lease.renew().catch(() => undefined);
    await this.deps.registry.announce();
  }
}
