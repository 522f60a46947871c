/**
 * Watches the instances that connections are passed on to, and ends the connections to one that can no longer serve them.
 * Nobody else would, and players would wait for ever. A process that has stopped, or whose host is gone, closes no
 * connection. Neither does an instance that is cut off from Redis and knows no other instance, while others take its rooms
 * over; and HAProxy's connection leads here, not there. One question a second for each instance, however many connections
 * lead there, and none while there are none.
 *
 * INVARIANT: nobody is sent back while this instance itself has missed Redis, or heard of it again less than a lease ago.
 */
import type { Livez } from '../cluster/livez.js';
import type { InstanceId } from '../protocol/ids.js';
import type { Ticks, Timer } from '../runtime/clock.js';

/** From one answer to the next question, ms. */
const ASK_MS = 1_000;
/**
 * One question may get lost, or wait behind what has kept this process itself. With the time that a question waits this
 * makes about 2.6 s.
 */
const SILENCES = 2;

type Alive = Extract<Livez, { answer: 'alive' }>;

interface Watched {
  /** Ends of the connections that lead there. */
  readonly ends: Set<() => void>;
  next: Timer | undefined;
  /** Who has answered there. */
  id: string | undefined;
  /** Questions in a row that nobody has answered, or somebody who is cut off. */
  silences: number;
}

export class Pulse {
  /** By address. */
  private readonly watched = new Map<string, Watched>();

  constructor(
    private readonly clock: Ticks,
    private readonly probe: (address: string) => Promise<Livez>,
    /** Whether the lease of an instance is over, as this one has seen it in Redis. */
    private readonly leaseRanOut: (id: InstanceId) => boolean,
  ) {}

  /**
   * Calls `end` when the instance at `address` has stopped, is cut off, or is another one by now.
   * @returns what ends the watch
   */
  watch(address: string, end: () => void): () => void {
    const watched = this.watched.get(address) ?? this.begin(address);
    const { ends } = watched;
    ends.add(end);
    return () => {
      if (!ends.delete(end) || ends.size > 0) return;
      watched.next?.cancel();
      if (this.watched.get(address) === watched) this.watched.delete(address);
    };
  }

  private begin(address: string): Watched {
    const watched: Watched = { ends: new Set(), next: undefined, id: undefined, silences: 0 };
    this.watched.set(address, watched);
    this.askLater(address, watched);
    return watched;
  }

  private askLater(address: string, watched: Watched): void {
    watched.next = this.clock.after(ASK_MS, () => {
      this.probe(address).then(
        (answer) => this.take(address, watched, answer),
        () => this.take(address, watched, { answer: 'silent' }),
      );
    });
  }

  private take(address: string, watched: Watched, answer: Livez): void {
    if (this.watched.get(address) !== watched) return;
    if (!this.isGone(watched, answer)) return this.askLater(address, watched);
    this.watched.delete(address);
    for (const end of watched.ends) end();
  }

  /** Notes the answer. */
  private isGone(watched: Watched, answer: Livez): boolean {
    if (answer.answer !== 'alive' || this.isCutOff(answer)) {
      watched.silences += 1;
      return watched.silences >= SILENCES;
    }
    watched.silences = 0;
    watched.id ??= answer.id;
    return watched.id !== answer.id;
  }

  /** Whether it says itself that it has no Redis, and its lease is over. By the second such answer others take its rooms. */
  private isCutOff({ id, redisForMs }: Alive): boolean {
    return redisForMs === 0 && this.leaseRanOut(id as InstanceId);
  }
}
