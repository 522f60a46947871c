/**
 * Takes what players nearly always send off the wire ahead of the `ws` library: one short text in a chunk of its own, or
 * the answer to a ping. The library's receiver is a stream that parts each chunk into buffers, a twentieth of a move.
 *
 * INVARIANT: the library sees none of a connection's frames, or, from some frame on, all of them.
 */
import type { Duplex } from 'node:stream';

/** Who is told; `receive` as the library's listeners call it. */
export interface FrameTaker {
  receive(text: string, binary: false): void;
  /** A ping was answered. */
  heard(): void;
}

interface Wire extends Duplex {
  taker?: FrameTaker;
  library?: (chunk: Buffer) => void;
}

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

/** From now on; to be called when the library has just begun to listen to the wire. */
export function takePlainFrames(wire: Wire, taker: FrameTaker): void {
  const [library] = wire.listeners('data') as ((chunk: Buffer) => void)[];
  if (library === undefined) return;
  wire.taker = taker;
  wire.library = library;
  wire.off('data', library);
  wire.on('data', take);
}

function take(this: Wire, chunk: Buffer): void {
  const { taker, library } = this;
  if (!taker || !library) return;
  const text = plainText(chunk);
  if (text !== undefined) return taker.receive(text, false);
  if (isPong(chunk)) return taker.heard();
  this.off('data', take);
  this.on('data', library);
  library.call(this, chunk);
}

/** The text of a chunk that is one whole masked frame of ASCII, and nothing else. */
export function plainText(chunk: Buffer): string | undefined {
  if (chunk[0] !== TEXT) return undefined;
  let length = (chunk[1] as number) - MASKED;
  let start = 2;
  if (length >= LENGTH_FOLLOWS) {
    if (length > LENGTH_FOLLOWS || chunk.length < start + 2) return undefined;
    length = chunk.readUInt16BE(start);
    start += 2;
  }
  if (length < 0 || length > LONGEST || chunk.length !== start + MASK_BYTES + length) return undefined;
  let every = 0;
  for (let at = 0; at < length; at++) {
    const byte = (chunk[start + MASK_BYTES + at] as number) ^ (chunk[start + (at & 3)] as number);
    unmasked[at] = byte;
    every |= byte;
  }
  return every < BEYOND_ASCII ? unmasked.toString('latin1', 0, length) : undefined;
}

/** To our pings, which carry nothing. */
const isPong = (chunk: Buffer): boolean => chunk.length === 2 + MASK_BYTES && chunk[0] === PONG && chunk[1] === MASKED;
