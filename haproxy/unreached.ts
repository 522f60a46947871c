/** What a controller tells the registry of HAProxy's checks: which instances no player can be sent to. */
import { NOT_LOOKED } from '../src/cluster/registry.js';
import type { InstanceId } from '../src/protocol/ids.js';
import type { ShownServer } from './runtime-api.js';

export class Unreached {
  /** Instances that report that they take players, and that cannot be servers of HAProxy. */
  absent: readonly InstanceId[] = [];
  /** Since when each is down without a break, monotonic ms. */
  private readonly since = new Map<InstanceId, number>();

  /** @param patienceMs one that is busy for a moment, or starts again, is down for less */
  constructor(private readonly patienceMs: number) {}

  /** Their ids with commas between, as HAProxy shows its servers at `now`. */
  report(servers: readonly ShownServer[], now: number): string {
    const down = servers
      .filter(({ up, state, checked }) => checked && !up && state !== 'maint')
      .map(({ name }) => name);
    for (const name of this.since.keys()) if (!down.includes(name)) this.since.delete(name);
    for (const name of down) if (!this.since.has(name)) this.since.set(name, now);
    const long = down.filter((name) => now - (this.since.get(name) ?? now) >= this.patienceMs);
    return [...long, ...this.absent].join(',');
  }

  /** HAProxy does not answer, or is another one now. */
  unknown(): string {
    this.since.clear();
    return NOT_LOOKED;
  }
}
