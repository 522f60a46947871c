/**
 * Finds out when this instance alone has lost Redis. Its rooms will be taken over, so it gives its players up in time for
 * them to go where Redis answers. The rooms themselves it keeps, standing still: where nobody has taken one over, it has
 * the end of the log that a failover may have lost. When nobody reaches Redis, everybody keeps what they have and waits.
 */
import type { Clock, Timer } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { HeartbeatLease } from './lease.js';
import { askLivez, type Livez } from './livez.js';
import type { InstanceRecord } from './registry.js';

export interface IsolationDeps {
  readonly lease: Pick<HeartbeatLease, 'holds' | 'fresh'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** The other instances as last known. */
  readonly peers: () => readonly Pick<InstanceRecord, 'host' | 'port'>[];
  /** The players are to be sent away. */
  readonly onIsolated: () => void;
  readonly askPeer?: (address: string) => Promise<Livez>;
}

const PERIOD_MS = 200;
const PEERS_ASKED = 3;
/**
 * So many looks in a row must find the same: when Redis comes back to all, some hear of it a moment before the others,
 * and look as if they alone had it. Together within the lease's last second.
 */
const FINDINGS = 3;

export class Isolation {
  private isolated = false;
  private findings = 0;
  private timer: Timer | undefined;

  constructor(private readonly deps: IsolationDeps) {}

  /** Whether this instance alone is cut off from Redis. */
  get active(): boolean {
    return this.isolated;
  }

  start(): void {
    this.timer = this.deps.clock.after(PERIOD_MS, () => void this.look().finally(() => this.start()));
  }

  stop(): void {
    this.timer?.cancel();
  }

  async look(): Promise<void> {
    const { lease, onIsolated, log } = this.deps;
    if (lease.fresh()) this.isolated = false;
    if (this.isolated) return;
    this.findings = (await this.looksAlone()) ? this.findings + 1 : 0;
    if (this.findings < FINDINGS) return;
    this.isolated = true;
    this.findings = 0;
    log.error('alone without Redis: giving all players up');
    onIsolated();
  }

  private async looksAlone(): Promise<boolean> {
    const { lease, peers, askPeer = askLivez } = this.deps;
    // Fresh as well: a very short lease never holds.
    const safe = () => lease.fresh() || lease.holds();
    if (safe()) return false;
    const asked = peers().slice(0, PEERS_ASKED);
    const answers = await Promise.all(asked.map(({ host, port }) => askPeer(`${host}:${port}`)));
    return answers.some((peer) => peer.answer === 'alive' && peer.redis === 'ok') && !safe();
  }
}
