/**
 * A player's TCP connection, read ahead of its stream. All of them are read into one buffer: Node makes each chunk a
 * buffer of its own and passes it through a stream, whose readers part it into buffers again.
 */
import { Socket } from 'node:net';

/** Who is told what happens to a wire; one may serve many. */
export interface Reader {
  /**
   * The first `size` bytes of `input` have come; the buffer is the next wire's in a moment. False leaves them to the wire's
   * stream: whoever says so leaves all that follows as well.
   */
  take(input: Buffer, size: number, wire: Wire): boolean;
  closed?(wire: Wire): void;
}

/** A TCP socket with what Node does not document: its handle, null once it is closed. */
export interface Wire extends Socket {
  readonly _handle?: { readonly fd?: number; useUserBuffer?(buffer: Buffer): void } | null;
  reader?: Reader;
}

/** Leaves everything to the stream. */
export const STREAM: Reader = { take: () => false };

/**
 * Where a socket keeps the buffer that it is read into, and whom it tells. Node lets one choose both by `onread`, but only
 * for sockets that connect.
 */
const [BUFFER, ON_READ] = ['kBuffer', 'kBufferCb'].map((name) =>
  Object.getOwnPropertySymbols(new Socket()).find(({ description }) => description === name),
) as [keyof Wire | undefined, keyof Wire | undefined];

/** What all wires are read into, one after the other. */
const input = Buffer.allocUnsafeSlow(65_536);

/**
 * Puts `reader` in charge of a wire. False where it cannot be asked before the stream: this Node offers no way, or something
 * waits in the stream, which comes first. Then it is told of the end alone.
 */
export function readAhead(wire: Wire, reader: Reader): boolean {
  if (wire.reader === undefined) {
    wire.on('close', closed);
    if (BUFFER && ON_READ && wire._handle?.useUserBuffer) {
      Object.assign(wire, { [BUFFER]: input, [ON_READ]: take });
      wire._handle.useUserBuffer(input);
    }
  }
  wire.reader = reader;
  return BUFFER !== undefined && (wire[BUFFER] as unknown) === input && wire.readableLength === 0;
}

/** As Node calls it when the first `size` bytes of the input are a wire's; false when that should not be read for now. */
function take(this: Wire, size: number): boolean {
  return this.reader?.take(input, size, this) || this.push(Buffer.from(input.subarray(0, size)));
}

function closed(this: Wire): void {
  this.reader?.closed?.(this);
}
