/** The one source of randomness. Everything that must be unpredictable or unique comes from here. */
import { randomBytes, randomInt } from 'node:crypto';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** `length` symbols of the 32 of Crockford's alphabet (no I, L, O, U): 5 bits each. */
export function crockford(length: number): string {
  return Array.from(randomBytes(length), (byte) => CROCKFORD[byte & 31]).join('');
}

/** Random bytes fetched ahead: a system call for each few is what most of their cost is. */
const stock = { bytes: Buffer.alloc(0), used: 0 };
const STOCK_BYTES = 8_192;

/** `bytes` random bytes as lower-case hex. */
export function randomHex(bytes: number): string {
  if (stock.used + bytes > stock.bytes.length) {
    stock.bytes = randomBytes(Math.max(STOCK_BYTES, bytes));
    stock.used = 0;
  }
  const from = stock.used;
  stock.used += bytes;
  return stock.bytes.toString('hex', from, stock.used);
}

/** `bytes` random bytes as URL-safe base64 without padding. */
export function randomToken(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

/** `ms` spread evenly over [ms/2, ms): the jitter of a retry. */
export function jitter(ms: number): number {
  return ms < 2 ? ms : ms / 2 + randomInt(Math.ceil(ms / 2));
}
