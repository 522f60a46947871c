/**
 * Some lines of a room's log in a row, as bytes outside V8's heap. Every move adds a line that stays for hundreds of moves:
 * as strings they would be copied twice and marked again and again by the collector, and be half as large again.
 */
import type { Digest, Seq } from '../protocol/ids.js';

/** One line of the log. `text` is the JSON of its entry as stored, which the digest is made of. */
export interface LogLine {
  readonly seq: Seq;
  readonly digest: Digest;
  readonly text: string;
}

/** The point in the log that everything so far adds up to. */
export interface Position {
  readonly seq: Seq;
  readonly digest: Digest;
}

/** Hex digits: 64 bits. */
export const DIGEST_LENGTH = 16;
/** Bytes. A room that is hardly played shall not pay for one that is. */
const SMALLEST = 1_024;
const LARGEST = 8_192;

/** A line is its length in bytes, and then its digest and its text in UTF-8. */
const LENGTH_BYTES = 4;
const bytesOf = ({ text }: LogLine): number => LENGTH_BYTES + DIGEST_LENGTH + Buffer.byteLength(text);
/** Known without a look at the text: UTF-8 makes up to three bytes of one unit of a string. */
const mostBytes = ({ text }: LogLine): number => LENGTH_BYTES + DIGEST_LENGTH + 3 * text.length;

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
    this.bytes = Buffer.allocUnsafeSlow(Math.max(planned, bytesOf(line)));
  }

  /** The last line's seq. */
  get end(): Seq {
    return (this.base.seq + this.size) as Seq;
  }

  /** False when there is no room for the line. */
  push(line: LogLine): boolean {
    const { bytes, used } = this;
    const left = bytes.length - used;
    if (left < mostBytes(line) && left < bytesOf(line)) return false;
    const length = bytes.write(line.digest + line.text, used + LENGTH_BYTES);
    bytes.writeUInt32LE(length, used);
    this.used += LENGTH_BYTES + length;
    this.size += 1;
    return true;
  }

  lines(): LogLine[] {
    const lines: LogLine[] = [];
    for (let at = 0; at < this.used; ) {
      const start = at + LENGTH_BYTES;
      const end = start + this.bytes.readUInt32LE(at);
      const said = this.bytes.toString('utf8', start, end);
      const seq = (this.base.seq + lines.length + 1) as Seq;
      lines.push({ seq, digest: said.slice(0, DIGEST_LENGTH) as Digest, text: said.slice(DIGEST_LENGTH) });
      at = end;
    }
    return lines;
  }
}
