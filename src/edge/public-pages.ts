/**
 * The public logs of rooms that are read, as JSON: an entry is made text once, however often it is read. Only of rooms that
 * were read lately, and not more of each than its owner keeps in memory and a page of the store.
 */
import type { Seq } from '../protocol/ids.js';
import type { LogLine, Position } from '../room/history.js';
import type { StoredEntry } from '../room/store.js';

/** Entries of a page at most. */
export const PAGE = 500;
/** A long match is some 1,000 entries of 250 bytes. */
const MAX_ROOMS = 32;
/** Pages of the store that are kept of a room. */
const MAX_OLDER = 4;

/** An entry as everybody may see it. */
export interface PublicLine {
  readonly seq: Seq;
  readonly text: string;
}

export type Render = (entry: StoredEntry) => PublicLine;

/** Entries as the store had them after `after`, up to `end`. */
export interface OlderPage {
  readonly after: Seq;
  readonly end: Seq;
  readonly lines: readonly PublicLine[];
}

/** What is kept of a room. */
export class RoomPages {
  recent: RecentLines | undefined;
  /** The one asked for last at the end. */
  private older: readonly OlderPage[] = [];

  /** A page stays true: entries never change, and a log is trimmed only at its beginning. */
  olderAfter(after: Seq, end: Seq): OlderPage | undefined {
    return this.older.find((page) => page.after === after && page.end === end);
  }

  keep(page: OlderPage): void {
    this.older = [...this.older.filter(({ end }) => end === page.end), page].slice(-MAX_OLDER);
  }
}

/** Whose log it is: the mailbox that plays the room, or a text that names a stored state of it. Its entries never change. */
export type Published = { readonly over: boolean } | string;

export class PublicPages {
  /** The one read last at the end. */
  private readonly rooms = new Map<Published, RoomPages>();

  of(room: Published): RoomPages {
    const known = this.rooms.get(room);
    this.rooms.delete(room);
    const pages = known ?? new RoomPages();
    this.rooms.set(room, pages);
    if (!known) this.forget();
    return pages;
  }

  private forget(): void {
    for (const room of this.rooms.keys()) {
      if (this.rooms.size > MAX_ROOMS || (typeof room === 'object' && room.over)) this.rooms.delete(room);
    }
  }
}

/** A room's log as its owner has it in memory. */
export interface Kept {
  readonly start: Seq;
  readonly position: Position;
  since(seq: Seq): readonly LogLine[];
}

/** The entries that the owner has in memory, as everybody may see them. */
export class RecentLines {
  private readonly lines: PublicLine[] = [];
  private end = 0 as Seq;

  constructor(private readonly render: Render) {}

  /** Adds what is new in the history, and drops what it no longer keeps. */
  follow(history: Kept): void {
    const { start, position } = history;
    const from = Math.max(this.end, start) as Seq;
    if (position.seq > from) for (const line of history.since(from)) this.lines.push(this.render(line));
    this.end = position.seq;
    const kept = this.lines.findIndex(({ seq }) => seq > start);
    this.lines.splice(0, kept < 0 ? this.lines.length : kept);
  }

  /** The entries after `seq`. */
  after(seq: Seq): readonly PublicLine[] {
    const first = this.lines[0]?.seq ?? 0;
    return this.lines.slice(Math.max(0, seq + 1 - first));
  }
}
