/**
 * The last entries of a room's log in memory: for clients that missed some, and for a Redis that lost its tail.
 * Entries hang together by a hash chain, so that two histories that agree in (seq, digest) agree in everything before.
 */
import { hash } from 'node:crypto';
import type { Cursor } from '../protocol/client-out.js';
import type { Digest, Seq } from '../protocol/ids.js';
import { DIGEST_LENGTH, LogBlock, type LogLine, type Position } from './log-block.js';
import type { Entry } from './state.js';

export type { LogLine, Position } from './log-block.js';

export const NO_DIGEST = '0000000000000000' as Digest;

/** A line with the entry that it says. */
export interface LogEntry extends LogLine {
  readonly entry: Entry;
}

export const entryOf = ({ text }: LogLine): Entry => JSON.parse(text);

/** What the text of an entry ends with; a salt and an id, which come before, cannot hold it. */
const EVENTS = '"events":';

/** The JSON of an entry's events, as it is in its text. */
export const eventsText = ({ text }: LogLine): string => text.slice(text.indexOf(EVENTS) + EVENTS.length, -1);

/** The digest of a log whose digest was `before` and that got `text` as its next entry. */
export function chain(before: Digest, text: string): Digest {
  return hash('sha256', before + text).slice(0, DIGEST_LENGTH) as Digest;
}

export const START: Position = { seq: 0 as Seq, digest: NO_DIGEST };

/** The end of a log as it is handed over: what its entries follow, and their texts. */
export interface Tail extends Position {
  readonly texts: readonly string[];
}

export class History {
  /** One behind the other. */
  private blocks: LogBlock[] = [];

  /** @param end the position before the first entry. */
  constructor(private end: Position) {}

  /** The position before the first entry that is kept. */
  private get base(): Position {
    return this.blocks[0]?.base ?? this.end;
  }

  /** The seq before the first entry that is kept. */
  get start(): Seq {
    return this.base.seq;
  }

  get position(): Position {
    return this.end;
  }

  /** The history that leads through `tail` to `end`; an empty one at `end` when it does not lead there. */
  static leadingTo({ seq, digest }: Position, tail?: Tail): History {
    const history = new History({ seq: tail?.seq ?? seq, digest: tail?.digest ?? digest });
    for (const text of tail?.texts ?? []) {
      const after = history.position;
      history.push({ seq: (after.seq + 1) as Seq, digest: chain(after.digest, text), text });
    }
    const found = history.position;
    return found.seq === seq && found.digest === digest ? history : new History({ seq, digest });
  }

  /** The entry as it would follow `after`; nothing is changed. */
  static link(after: Position, entry: Entry): LogEntry {
    const text = JSON.stringify(entry);
    return { seq: (after.seq + 1) as Seq, digest: chain(after.digest, text), text, entry };
  }

  /** Keeps the text alone: an entry as a value is several times as large, and hardly ever asked for again. */
  push(line: LogLine): void {
    const last = this.blocks.at(-1);
    if (!last?.push(line)) {
      const next = new LogBlock(this.end, line, last);
      next.push(line);
      this.blocks.push(next);
    }
    this.end = { seq: line.seq, digest: line.digest };
  }

  /** The lines after a position of this very history; undefined when the position is not on it, or too far back. */
  after({ seq, digest }: Position | Cursor): readonly LogLine[] | undefined {
    if (seq < this.base.seq || seq > this.end.seq) return undefined;
    if (seq === this.end.seq) return digest === this.end.digest ? [] : undefined;
    const from = this.blocks.findLastIndex(({ base }) => base.seq <= seq);
    const lines = this.blocks.slice(from).flatMap((block) => block.lines());
    const first = this.blocks[from]?.base ?? this.base;
    const skip = seq - first.seq;
    const found = skip === 0 ? first.digest : lines[skip - 1]?.digest;
    return found === digest ? lines.slice(skip) : undefined;
  }

  /** The lines that are kept of those after `seq`, whatever history that is from. */
  since(seq: Seq): readonly LogLine[] {
    const from = Math.max(
      0,
      this.blocks.findLastIndex(({ base }) => base.seq <= seq),
    );
    return this.blocks.slice(from).flatMap((block) => block.lines().filter((line) => line.seq > seq));
  }

  /** The entries after `seq`, but for all before the last `most`. */
  tailSince(seq: Seq, most: number): Tail {
    const lines = this.blocks.flatMap((block) => block.lines());
    const from = Math.max(seq, this.end.seq - most, this.base.seq);
    const skip = from - this.base.seq;
    const before = skip === 0 ? this.base : (lines[skip - 1] ?? this.end);
    return { seq: before.seq, digest: before.digest, texts: lines.slice(skip).map(({ text }) => text) };
  }

  /** Forgets entries up to `seq`, but keeps the last `keep`; blocks that are to be kept in part are kept whole. */
  trim(seq: Seq, keep: number): void {
    const until = Math.min(seq, this.end.seq - keep);
    const first = this.blocks.findIndex(({ end }) => end > until);
    if (first > 0) this.blocks = this.blocks.slice(first);
  }
}
