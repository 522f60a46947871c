/**
 * Finds out when this instance alone has lost Redis. Its rooms will be taken over, so it gives its players up in time for
 * them to go where Redis answers. The rooms themselves it keeps, standing still: where nobody has taken one over, it has
 * the end of the log that a failover may have lost. When nobody reaches Redis, everybody keeps what they have and waits.
 *
 * INVARIANT: players are given up only when another instance has had Redis without a gap since this one first missed it,
 * or for a whole lease. Who merely hears earlier that Redis is back is no evidence.
 */
import { formatHostPort } from '../runtime/address.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { HeartbeatLease } from './lease.js';
import { askLivez, type Livez } from './livez.js';
import type { InstanceRecord } from './registry.js';

export interface IsolationDeps {
  readonly lease: Pick<HeartbeatLease, 'holds' | 'fresh' | 'age'>;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The other instances as last known. */
  readonly peers: () => readonly Pick<InstanceRecord, 'host' | 'port'>[];
  /** The players are to be sent away. */
  readonly onIsolated: () => void;
  readonly askPeer?: (address: string) => Promise<Livez>;
}

const PERIOD_MS = 200;
/** Asked at a time; the next look asks those that follow, until all have been asked. */
const PEERS_ASKED = 32;

export class Isolation {
  private isolated = false;
  /** Peers asked so far. */
  private asked = 0;
  private timer: Timer | undefined;
  private stopped = false;

  constructor(private readonly deps: IsolationDeps) {}

  /** Whether this instance alone is cut off from Redis. */
  get active(): boolean {
    return this.isolated;
  }

  start(): void {
    if (this.stopped) return;
    this.timer = this.deps.clock.after(PERIOD_MS, () => void this.look().finally(() => this.start()));
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  async look(): Promise<void> {
    const { lease, onIsolated, log } = this.deps;
    if (lease.fresh()) this.isolated = false;
    if (this.isolated) return;
    if (!(await this.looksAlone()) || this.stopped) return;
    this.isolated = true;
    log.error('alone without Redis: giving all players up');
    onIsolated();
  }

  private async looksAlone(): Promise<boolean> {
    const { lease, leaseMs, heartbeatMs, peers, askPeer = askLivez } = this.deps;
    // Fresh as well: a very short lease never holds.
    const safe = () => lease.fresh() || lease.holds();
    if (safe()) return false;
    const all = peers();
    const first = all.length === 0 ? 0 : this.asked % all.length;
    const asked = [...all.slice(first), ...all.slice(0, first)].slice(0, PEERS_ASKED);
    this.asked = first + asked.length;
    const answers = await Promise.all(asked.map((peer) => askPeer(formatHostPort(peer))));
    // Redis was not missed before the heartbeat that follows the last confirmed one: a peer may have started in between.
    const enough = Math.min(lease.age() - heartbeatMs, leaseMs);
    return answers.some((peer) => peer.answer === 'alive' && peer.redisForMs >= enough) && !safe();
  }
}
