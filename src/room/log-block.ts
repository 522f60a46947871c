/**
 * Some lines of a room's log in a row, as bytes outside V8's heap. Every move adds a line that stays for hundreds of moves:
 * as strings they would be copied twice and marked again and again by the collector, and be half as large again.
 */
import type { Digest, Seq } from '../protocol/ids.js';
import type { LogLine, Position } from './history.js';

/** Hex digits: 64 bits. */
export const DIGEST_LENGTH = 16;
/** A line's text comes after its length in bytes (32 bits) and its digest. */
const HEADER = 4 + DIGEST_LENGTH;
/** Bytes. A room that is hardly played shall not pay for one that is. */
const SMALLEST = 1_024;
const LARGEST = 8_192;

export class LogBlock {
  /** Lines that it holds. */
  size = 0;
  private used = 0;
  private readonly bytes: Buffer;

  /** For a log that stands at `base`, and at least for one `line`. */
  constructor(
    readonly base: Position,
    line: LogLine,
    before?: LogBlock,
  ) {
    const planned = before ? Math.min(2 * before.bytes.length, LARGEST) : SMALLEST;
    this.bytes = Buffer.allocUnsafeSlow(Math.max(planned, HEADER + Buffer.byteLength(line.text)));
  }

  /** The last line's seq. */
  get end(): Seq {
    return (this.base.seq + this.size) as Seq;
  }

  /** False when there is no room for the line. */
  push({ digest, text }: LogLine): boolean {
    const { bytes, used } = this;
    const length = Buffer.byteLength(text);
    if (used + HEADER + length > bytes.length) return false;
    bytes.writeUInt32LE(length, used);
    bytes.write(digest, used + 4, 'latin1');
    bytes.write(text, used + HEADER);
    this.used += HEADER + length;
    this.size += 1;
    return true;
  }

  lines(): LogLine[] {
    const lines: LogLine[] = [];
    for (let at = 0; at < this.used; ) {
      const start = at + HEADER;
      const end = start + this.bytes.readUInt32LE(at);
      const digest = this.bytes.toString('latin1', at + 4, start) as Digest;
      const seq = (this.base.seq + lines.length + 1) as Seq;
      lines.push({ seq, digest, text: this.bytes.toString('utf8', start, end) });
      at = end;
    }
    return lines;
  }
}
