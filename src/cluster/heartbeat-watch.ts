/**
 * How long each instance has been silent, as this process has seen it. A heartbeat counts when it is seen to change, and
 * time is this process's own, monotonic: what Redis' clock says, and keys that expire because it steps, prove nothing.
 *
 * INVARIANT: nobody is silent for longer than this process has watched without a gap.
 */
import type { InstanceId } from '../protocol/ids.js';
import type { Clock } from '../runtime/clock.js';
import type { InstanceRecord } from './registry.js';

type Beat = Pick<InstanceRecord, 'id' | 'last_heartbeat'>;

export class HeartbeatWatch {
  private readonly seen = new Map<InstanceId, { readonly heartbeat: number; readonly changedAt: number }>();
  /** Since when the registry has been read without a gap, and the last reading, monotonic ms. */
  private watchingSince = Number.POSITIVE_INFINITY;
  private readAt = Number.NEGATIVE_INFINITY;

  /** @param gapMs a longer pause between two readings of the registry is a gap: who has beaten in it is not known. */
  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly gapMs: number,
  ) {}

  /** The whole registry, as just read: entries, and ids that have none any more. */
  observe(instances: readonly Beat[], expired: readonly InstanceId[]): void {
    const now = this.clock.monotonic();
    if (now - this.readAt > this.gapMs) {
      this.watchingSince = now;
      this.seen.clear();
    }
    this.readAt = now;
    for (const beat of instances) this.note(beat);
    const known = new Set([...instances.map(({ id }) => id), ...expired]);
    for (const id of this.seen.keys()) if (!known.has(id)) this.seen.delete(id);
  }

  /** One entry, as just read. */
  note({ id, last_heartbeat: heartbeat }: Beat): void {
    if (this.seen.get(id)?.heartbeat === heartbeat) return;
    this.seen.set(id, { heartbeat, changedAt: this.clock.monotonic() });
  }

  /** For how long no new heartbeat of the instance was seen, ms; 0 while that cannot be known. */
  silentFor(id: InstanceId): number {
    const since = this.seen.get(id)?.changedAt ?? this.watchingSince;
    return Math.max(0, this.clock.monotonic() - Math.max(since, this.watchingSince));
  }
}
