/**
 * The inbox of this process: what must arrive. Its id is never used twice, so that all of it is for this process.
 *
 * INVARIANT: a message is taken out only after its handler is done with it, or has failed too often. Handlers run side by
 * side: one that takes long, or fails again and again, holds up no other.
 */
import type { RedisConnection } from '../redis/client.js';
import { type Clock, sleep } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';

export interface InboxDeps {
  readonly key: string;
  /** For waiting only. */
  readonly waiting: RedisConnection;
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly log: Logger;
  /** Idempotent. @throws when it is to be tried again */
  readonly handle: (text: string) => Promise<void>;
}

/** Messages in it at most, and those that are known to be handled. */
export const INBOX_LENGTH = 10_000;
/** The answer is also a sign of life (see `connection-policy.ts`): well below the silence after which Redis is left, ms. */
const BLOCK_MS = 500;
const RETRY_MS = 200;
/** With the pauses between them more than a minute: whoever sent it has asked again, or thought better of it. */
const ATTEMPTS = 18;
const LONGEST_PAUSE_MS = 5_000;

export class Inbox {
  /** By entry id, whether its handler is done. What a failover puts back is known by it. */
  private readonly taken = new Map<string, boolean>();
  private stopped = false;

  constructor(private readonly deps: InboxDeps) {}

  stop(): void {
    this.stopped = true;
  }

  /**
   * Reads until it is stopped. Between two waits for what is above the last entry it looks from the beginning: once the key
   * has expired, a Redis whose clock is behind gives lower ids.
   */
  async read(): Promise<void> {
    const { clock } = this.deps;
    for (let after = '0'; !this.stopped; ) {
      try {
        const entries = await this.next(after);
        const fresh = entries.filter(([id]) => !this.taken.has(id));
        for (const [id, text] of fresh) {
          this.taken.set(id, false);
          void this.work(id, text);
        }
        const last = entries.at(-1)?.[0];
        if (after !== '0' || last === undefined) after = '0';
        else if (await this.trim(entries.map(([id]) => id))) after = last;
        // All of it is done with and still there: the trimming has not worked, and would be asked for again and again.
        else if (fresh.length === 0) await sleep(clock, RETRY_MS);
      } catch {
        after = '0';
        if (!this.stopped) await sleep(clock, RETRY_MS);
      }
    }
  }

  private async next(after: string): Promise<[id: string, text: string][]> {
    const { waiting, key } = this.deps;
    const reply = await waiting.xread('BLOCK', BLOCK_MS, 'STREAMS', key, after);
    return (reply?.[0]?.[1] ?? []).map(([id, fields]) => [id, fields[1] ?? '']);
  }

  /** Takes out what is done with up to the first entry that is not. Whether there is one. */
  private async trim(ids: readonly string[]): Promise<boolean> {
    const { redis, key } = this.deps;
    const open = ids.findIndex((id) => !this.taken.get(id));
    const done = open < 0 ? ids : ids.slice(0, open);
    const last = done.at(-1);
    if (last !== undefined) await redis.xtrim(key, 'MINID', idAfter(last));
    for (const [id, isDone] of this.taken) {
      if (this.taken.size <= INBOX_LENGTH) break;
      if (isDone) this.taken.delete(id);
    }
    return open >= 0;
  }

  private async work(id: string, text: string): Promise<void> {
    const { clock, log, handle } = this.deps;
    let pause = RETRY_MS;
    for (let attempt = 1; !this.stopped; attempt++) {
      try {
        await handle(text);
        break;
      } catch (error) {
        if (attempt === ATTEMPTS) {
          log.error({ message: text.slice(0, 200), err: error }, 'message of the inbox given up');
          break;
        }
        log.warn({ attempt, err: (error as Error).message }, 'message of the inbox is tried again');
      }
      await sleep(clock, pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
    this.taken.set(id, true);
  }
}

/** The lowest entry id above this one. */
function idAfter(entryId: string): string {
  const [ms = '0', sequence = '0'] = entryId.split('-');
  return `${ms}-${Number(sequence) + 1}`;
}
