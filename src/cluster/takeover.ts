/**
 * Whether the owner of a room is gone, so that the room may be claimed. A wrong yes costs the old owner its room, never a
 * move: only the epoch decides who may write.
 */
import type { InstanceId } from '../protocol/ids.js';
import { formatHostPort } from '../runtime/address.js';
import { type Clock, sleep } from '../runtime/clock.js';
import type { HeartbeatWatch } from './heartbeat-watch.js';
import { askLivez, type Livez } from './livez.js';
import type { Registry } from './registry.js';

/** Two refusals this far apart mean that no process listens there, ms. */
const REFUSED_TWICE_MS = 20;
/** A verdict holds for the many rooms of one dead owner. Ids are never used again. */
const VERDICT_MS = 1_000;

/** unreachable: it lives, but cannot be asked from here. */
export type Verdict = 'alive' | 'gone' | 'unreachable';

export interface TakeoverDeps {
  readonly registry: Pick<Registry, 'get'>;
  readonly clock: Clock;
  /** Whether an expired lease proves anything now. */
  readonly steady: () => boolean;
  readonly heartbeats: Pick<HeartbeatWatch, 'note' | 'silentFor'>;
  /** Who has been silent for longer is suspicious, ms. */
  readonly suspectMs: number;
  readonly leaseMs: number;
  readonly probe?: (address: string) => Promise<Livez>;
}

export class Takeover {
  private readonly verdicts = new Map<InstanceId, { verdict: Promise<Verdict>; at: number; gone: boolean }>();

  constructor(private readonly deps: TakeoverDeps) {}

  /** What became of the process `owner`, last known at `address`. @throws when the registry does not answer. */
  judge(owner: InstanceId, address: string | null): Promise<Verdict> {
    const now = this.deps.clock.monotonic();
    const known = this.verdicts.get(owner);
    if (known && now - known.at < VERDICT_MS) return known.verdict;
    for (const [id, { at }] of this.verdicts) if (now - at >= VERDICT_MS) this.verdicts.delete(id);
    const verdict = this.ask(owner, address);
    const entry = { verdict, at: now, gone: false };
    this.verdicts.set(owner, entry);
    const forget = () => this.verdicts.delete(owner);
    verdict.then((found) => {
      entry.gone = found === 'gone';
      if (!entry.gone) forget();
    }, forget);
    return verdict;
  }

  /** Whether the process `owner` has just been judged to be gone. */
  judgedGone(owner: InstanceId): boolean {
    const known = this.verdicts.get(owner);
    return known?.gone === true && this.deps.clock.monotonic() - known.at < VERDICT_MS;
  }

  private async ask(owner: InstanceId, address: string | null): Promise<Verdict> {
    const { registry, clock, heartbeats, suspectMs, probe = askLivez } = this.deps;
    const record = await registry.get(owner);
    if (record === undefined && this.leaseRanOut(owner)) return 'gone';
    if (record) heartbeats.note(record);
    const where = record ? formatHostPort(record) : address;
    if (where === null) return 'alive';
    const first = await probe(where);
    if (first.answer === 'isolated') return 'gone';
    if (first.answer === 'alive') return first.id === owner ? 'alive' : 'gone';
    if (first.answer === 'refused') {
      await sleep(clock, REFUSED_TWICE_MS);
      const second = await probe(where);
      if (second.answer === 'refused') return 'gone';
      if (second.answer === 'alive') return second.id === owner ? 'alive' : 'gone';
    }
    // As it is now: while the question was open a heartbeat may have come.
    const latest = await registry.get(owner);
    if (latest === undefined) return this.leaseRanOut(owner) ? 'gone' : 'alive';
    heartbeats.note(latest);
    return heartbeats.silentFor(owner) > suspectMs ? 'gone' : 'unreachable';
  }

  /**
   * Whether the lease of an instance is over, by its heartbeats as seen here. Its entry in the registry proves nothing: it
   * also goes when Redis was away, or when Redis' clock steps forward, and stays when that clock is set back. An instance that
   * lives and has Redis renews it at once.
   */
  leaseRanOut(owner: InstanceId): boolean {
    const { steady, heartbeats, leaseMs } = this.deps;
    return steady() && heartbeats.silentFor(owner) >= leaseMs;
  }
}
