/**
 * The shuffle that anybody can check: commitment before the deal, seed after it, and one order that follows from both.
 *
 * Fisher–Yates from the last place down. For place `i` the next byte of the stream that lies under the greatest multiple
 * of `i + 1` not above 256 is taken modulo `i + 1`; other bytes are skipped, so that every order is equally likely. The
 * stream is HMAC-SHA256 keyed by the seed's 32 bytes, over a 4-byte big-endian counter (0, 1, …) and the context in UTF-8.
 */
import { createHash, createHmac } from 'node:crypto';
import type { Seed } from './game.js';

const SEED = /^[0-9a-f]{64}$/;

/** SHA-256 of the seed's bytes, in hex: binds the dealer to the seed without telling it. */
export function commitmentOf(seed: Seed): string {
  return createHash('sha256').update(seedBytes(seed)).digest('hex');
}

/**
 * `items` in the order that `seed` and `context` give. The context (as "hand 3") keeps two uses of one seed apart.
 * Throws RangeError for more than 256 items or a seed that is not 64 lower-case hex digits.
 */
export function shuffled<T>(items: readonly T[], seed: Seed, context: string): T[] {
  if (items.length > 256) throw new RangeError(`cannot shuffle ${items.length} items: one byte tells 256 apart`);
  const bytes = new ByteStream(seedBytes(seed), context);
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = bytes.below(last + 1);
    const item = order[last] as T;
    order[last] = order[other] as T;
    order[other] = item;
  }
  return order;
}

class ByteStream {
  readonly #key: Buffer;
  readonly #message: Buffer;
  #block: Buffer = Buffer.alloc(0);
  #used = 0;
  #counter = 0;

  constructor(key: Buffer, context: string) {
    this.#key = key;
    this.#message = Buffer.concat([Buffer.alloc(4), Buffer.from(context, 'utf8')]);
  }

  /** A number from 0 to `bound - 1`, each equally likely; `bound` is 1 to 256. */
  below(bound: number): number {
    const limit = 256 - (256 % bound);
    for (;;) {
      const byte = this.#next();
      if (byte < limit) return byte % bound;
    }
  }

  #next(): number {
    if (this.#used === this.#block.length) {
      this.#message.writeUInt32BE(this.#counter++);
      this.#block = createHmac('sha256', this.#key).update(this.#message).digest();
      this.#used = 0;
    }
    return this.#block[this.#used++] as number;
  }
}

function seedBytes(seed: Seed): Buffer {
  if (!SEED.test(seed)) throw new RangeError('a seed is 64 lower-case hex digits');
  return Buffer.from(seed, 'hex');
}
