/**
 * The last entries of a room's log in memory: for clients that missed some, and for a Redis that lost its tail.
 * Entries hang together by a hash chain, so that two histories that agree in (seq, digest) agree in everything before.
 */
import { createHash } from 'node:crypto';
import type { Cursor } from '../protocol/client-out.js';
import type { Digest, Seq } from '../protocol/ids.js';
import type { Entry } from './state.js';

export const NO_DIGEST = '0000000000000000' as Digest;

/** An entry with its place in the log. `text` is its JSON as stored, which the digest is made of. */
export interface LogEntry {
  readonly seq: Seq;
  readonly digest: Digest;
  readonly text: string;
  readonly entry: Entry;
}

/** The digest of a log whose digest was `before` and that got `text` as its next entry. */
export function chain(before: Digest, text: string): Digest {
  return createHash('sha256').update(before).update(text).digest('hex').slice(0, 16) as Digest;
}

/** The point in the log that everything so far adds up to. */
export interface Position {
  readonly seq: Seq;
  readonly digest: Digest;
}

export const START: Position = { seq: 0 as Seq, digest: NO_DIGEST };

export class History {
  private entries: LogEntry[] = [];

  /** @param base the position before the first entry that is kept. */
  constructor(private base: Position) {}

  /** The seq before the first entry that is kept. */
  get start(): Seq {
    return this.base.seq;
  }

  get position(): Position {
    return this.entries.at(-1) ?? this.base;
  }

  /** The entry as it would follow `after`; nothing is changed. */
  static link(after: Position, entry: Entry): LogEntry {
    const text = JSON.stringify(entry);
    return { seq: (after.seq + 1) as Seq, digest: chain(after.digest, text), text, entry };
  }

  push(entries: readonly LogEntry[]): void {
    this.entries.push(...entries);
  }

  /** The entries after a position of this very history; undefined when the position is not on it, or too far back. */
  after(position: Position | Cursor): readonly LogEntry[] | undefined {
    const skip = position.seq - this.base.seq;
    if (skip < 0 || skip > this.entries.length) return undefined;
    const digest = skip === 0 ? this.base.digest : this.entries[skip - 1]?.digest;
    return digest === position.digest ? this.entries.slice(skip) : undefined;
  }

  /** Forgets entries up to `seq`, but keeps the last `keep`. */
  trim(seq: Seq, keep: number): void {
    const drop = Math.min(seq - this.base.seq, this.entries.length - keep);
    const last = drop > 0 ? this.entries[drop - 1] : undefined;
    if (last === undefined) return;
    this.base = { seq: last.seq, digest: last.digest };
    this.entries = this.entries.slice(drop);
  }
}
