/** What players nearly always send, as it lies on the wire: one short text in a chunk of its own, or the answer to a ping. */

/** First bytes of a frame: final, without extensions. */
const TEXT = 0x81;
const PONG = 0x8a;
/** The second byte holds this and the length, or that the length is in the next two (or, with 127, in eight). */
const MASKED = 0x80;
const LENGTH_FOLLOWS = 126;
const MASK_BYTES = 4;
/** Longer texts are the library's, bytes. */
const LONGEST = 1_024;
/** The first byte that is not ASCII. */
const BEYOND_ASCII = 0x80;

const unmasked = Buffer.alloc(LONGEST);

/** The text of a chunk, the first `size` bytes, that is one whole masked frame of ASCII, and nothing else. */
export function plainText(chunk: Buffer, size = chunk.length): string | undefined {
  if (chunk[0] !== TEXT) return undefined;
  let length = (chunk[1] as number) - MASKED;
  let start = 2;
  if (length >= LENGTH_FOLLOWS) {
    if (length > LENGTH_FOLLOWS || size < start + 2) return undefined;
    length = chunk.readUInt16BE(start);
    start += 2;
  }
  if (length < 0 || length > LONGEST || size !== start + MASK_BYTES + length) return undefined;
  let every = 0;
  for (let at = 0; at < length; at++) {
    const byte = (chunk[start + MASK_BYTES + at] as number) ^ (chunk[start + (at & 3)] as number);
    unmasked[at] = byte;
    every |= byte;
  }
  return every < BEYOND_ASCII ? unmasked.toString('latin1', 0, length) : undefined;
}

/** Whether the chunk answers a ping of ours, which carry nothing. */
export const isPlainPong = (chunk: Buffer, size: number): boolean =>
  size === 2 + MASK_BYTES && chunk[0] === PONG && chunk[1] === MASKED;
