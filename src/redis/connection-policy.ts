/**
 * How a connection to Redis behaves, whatever carries it: how long an attempt to connect may take, when a silent server is
 * left, and which servers are left although they answer. PURE: the simulated connection follows the same rules.
 *
 * INVARIANT: a server that says nothing for 3 s is left, also by connections that only listen or block; one that is silent
 * for 1.5 s is not.
 */

/** A command without an answer is given up after this; whether it took effect is then unknown. */
export const COMMAND_TIMEOUT_MS = 2_500;
/** A Redis that still loads its data is asked again after this; the library would wait for at least a second. */
export const LOADING_RETRY_MS = 50;
/** A connection that is left may still take what has been answered, for this long. */
export const DISCONNECT_TIMEOUT_MS = 200;

/** Measured under a Sentinel failover: 2.3 s to the first write instead of 3.8 s with the library's defaults. */
const RECONNECT_MS = 50;
const LONGEST_RECONNECT_MS = 500;
/** Attempts after which the pause doubles: a primary that is away for long is asked less often. */
const ATTEMPTS_A_STEP = 10;

/** The pause before the next attempt to connect, ms. @param attempts failed in a row, 1 or more */
export function reconnectDelay(attempts: number): number {
  return Math.min(LONGEST_RECONNECT_MS, RECONNECT_MS * 2 ** Math.floor(attempts / ATTEMPTS_A_STEP));
}

const SHORTEST_START_MS = 500;
/** Five round trips of 500 ms, by TLS, in two phases. */
const LONGEST_START_MS = 4_000;
/** How many times as long as the last greeting took the next one may take. */
const START_MARGIN = 3;

/**
 * How long each phase of an attempt to connect (reach the server; be greeted by it) may take. A server nearby that stands
 * still is left quickly, as another may have taken over; one far away is given longer and longer. The longest is followed
 * by the shortest again: one that was far may be near now.
 */
export class StartTimeout {
  private shortest = SHORTEST_START_MS;
  private current = SHORTEST_START_MS;

  get ms(): number {
    return this.current;
  }

  /** A phase has failed after `tookMs`: refused at once says nothing of the distance. */
  failed(tookMs: number): void {
    if (tookMs < this.current) return;
    if (this.current < LONGEST_START_MS) {
      this.current = Math.min(LONGEST_START_MS, 2 * this.current);
    } else {
      this.shortest = Math.max(SHORTEST_START_MS, this.shortest / 2);
      this.current = this.shortest;
    }
  }

  /** The server has greeted after `tookMs`. */
  succeeded(tookMs: number): void {
    this.shortest = Math.min(LONGEST_START_MS, Math.max(SHORTEST_START_MS, START_MARGIN * tookMs));
    this.current = this.shortest;
  }
}

/** How often a connection looks whether it has heard anything, ms. */
export const SILENCE_TICK_MS = 250;
const QUIET_TICKS_TO_ASK = 2;
const QUIET_TICKS_TO_LEAVE = 11;
/** A server that always has something to say is asked all the same, for its role: after 2 s. */
const TICKS_BETWEEN_QUESTIONS = 8;

/**
 * Finds out that a server has died without a word. It counts ticks and reads no clock: a process that stood still itself
 * blames nobody.
 */
export class SilenceDetector {
  private quietTicks = 0;
  private ticksSinceQuestion = 0;

  /**
   * Called every SILENCE_TICK_MS. ask: a question is to be sent, so that a living server has something to answer, and says
   * what it is: one that was demoted may go on answering a connection that only reads. leave: the server is to be left.
   * @param heard whether anything has come since the last tick
   */
  tick(heard: boolean): 'wait' | 'ask' | 'leave' {
    this.quietTicks = heard ? 0 : this.quietTicks + 1;
    if (this.quietTicks >= QUIET_TICKS_TO_LEAVE) return 'leave';
    this.ticksSinceQuestion += 1;
    const isDue = this.ticksSinceQuestion >= TICKS_BETWEEN_QUESTIONS && this.quietTicks < QUIET_TICKS_TO_ASK;
    if (this.quietTicks !== QUIET_TICKS_TO_ASK && !isDue) return 'wait';
    this.ticksSinceQuestion = 0;
    return 'ask';
  }
}

/** Whether a server that answers this to INFO replication takes no writes: a primary that has been demoted, say. */
export function isReplica(info: string): boolean {
  return /^role:(slave|replica)/m.test(info);
}

/** The replicas that a primary tells of in INFO replication. */
export function replicasIn(info: string): number {
  return Number(/^connected_slaves:(\d+)/m.exec(info)?.[1] ?? 0);
}

/**
 * Whether an error reply says that the server is not, or no longer, a primary that can be used: the connection is to be
 * left, and the primary looked for anew. A command with such an answer was not executed. A primary that cannot write for
 * now (MISCONF, NOREPLICAS, OOM) stays the primary: there is no other to go to.
 */
export function isWrongServer(error: string): boolean {
  return /^(READONLY|LOADING|MASTERDOWN|UNBLOCKED)\b/.test(error);
}
