/**
 * Takes what players nearly always send off the wire ahead of the `ws` library: one short text in a chunk of its own, or
 * the answer to a ping. All connections are read into one buffer: Node makes each chunk a buffer of its own and passes it
 * through a stream, and the library's receiver is one more that parts it into buffers again.
 *
 * INVARIANT: the library sees none of a connection's frames, or, from some frame on, all of them.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Who is told; `receive` as the library's listeners call it. */
export interface FrameTaker {
  receive(text: string, binary: false): void;
  /** A ping was answered. */
  heard(): void;
}

/** A TCP socket with what Node does not document: its handle. */
interface Wire extends Duplex {
  readonly _handle?: { useUserBuffer?(buffer: Buffer): void } | null;
  taker?: FrameTaker | undefined;
}

/**
 * Where a socket keeps the buffer that it is read into, and whom it tells. Node lets one choose both by `onread`, but only
 * for sockets that connect.
 */
const [BUFFER, ON_READ] = ['kBuffer', 'kBufferCb'].map((name) =>
  Object.getOwnPropertySymbols(new Socket()).find(({ description }) => description === name),
);

/** What all wires are read into, one after the other. */
const input = Buffer.allocUnsafeSlow(65_536);

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
  // What came along with the upgrade is on its way to the library, and all that follows goes the same way.
  if (!BUFFER || !ON_READ || !wire._handle?.useUserBuffer || wire.readableLength > 0) return;
  wire.taker = taker;
  Object.assign(wire, { [BUFFER]: input, [ON_READ]: take });
  wire._handle.useUserBuffer(input);
}

/** As Node calls it when the first `size` bytes of the input are a wire's; false when that should not be read for now. */
function take(this: Wire, size: number): boolean {
  if (this.taker && isPlain(size, this.taker)) return true;
  this.taker = undefined;
  return this.push(Buffer.from(input.subarray(0, size)));
}

/** Whether the input holds one plain frame, of which `taker` is then told. */
function isPlain(size: number, taker: FrameTaker): boolean {
  const text = plainText(input, size);
  if (text !== undefined) taker.receive(text, false);
  else if (isPong(input, size)) taker.heard();
  else return false;
  return true;
}

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

/** To our pings, which carry nothing. */
const isPong = (chunk: Buffer, size: number): boolean =>
  size === 2 + MASK_BYTES && chunk[0] === PONG && chunk[1] === MASKED;
