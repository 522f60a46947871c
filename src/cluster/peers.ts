/** The registry as last seen, looked at again and again: for what must be known without waiting, or without Redis. */
import type { InstanceId } from '../protocol/ids.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { HeartbeatWatch } from './heartbeat-watch.js';
import type { InstanceRecord, Registry } from './registry.js';

export interface Surroundings {
  readonly instances: readonly InstanceRecord[];
  /** Ids whose lease has run out and whose rooms may be left. */
  readonly expired: readonly InstanceId[];
}

export class Peers {
  private seen: Surroundings = { instances: [], expired: [] };
  private timer: Timer | undefined;
  private stopped = false;
  /** What follows from a look may take long: the looks go on meanwhile, or heartbeats would be missed. */
  private following: Promise<void> | undefined;

  constructor(
    private readonly registry: Pick<Registry, 'list'>,
    private readonly own: InstanceId,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly periodMs: number,
    private readonly heartbeats: Pick<HeartbeatWatch, 'observe'>,
    private readonly onSeen: (seen: Surroundings) => Promise<void>,
  ) {}

  /** The other instances, as last seen. */
  get others(): readonly InstanceRecord[] {
    return this.seen.instances.filter(({ id }) => id !== this.own);
  }

  /** All ids in the registry as last seen, with a lease or without. */
  get listed(): ReadonlySet<InstanceId> {
    return new Set([...this.seen.instances.map(({ id }) => id), ...this.seen.expired]);
  }

  /** Looks at once, then again and again. */
  start(): void {
    this.look()
      .catch((error: Error) => this.log.debug({ err: error.message }, 'registry not read'))
      .finally(() => {
        if (!this.stopped) this.timer = this.clock.after(this.periodMs, () => this.start());
      });
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private async look(): Promise<void> {
    this.seen = await this.registry.list();
    this.heartbeats.observe(this.seen.instances, this.seen.expired);
    this.following ??= this.onSeen(this.seen)
      .catch((error: Error) => this.log.debug({ err: error.message }, 'nothing followed from a look at the registry'))
      .finally(() => {
        this.following = undefined;
      });
  }
}
