/**
 * A room's log as everybody may see it, up to the entry that its owner has published. The newest entries come from the
 * owner's memory; the store is asked only for older ones, because its end may hold an entry that still waits for its
 * copies.
 */
import type { Game } from '../game/game.js';
import { findGame } from '../game/games.js';
import type { Snapshot } from '../protocol/client-out.js';
import type { RoomCode, Seq } from '../protocol/ids.js';
import type { Mailbox } from '../room/mailbox.js';
import type { Entry, RoomHead, RoomState } from '../room/state.js';
import { CorruptRoom, type RoomStore, type StoredEntry } from '../room/store.js';
import { projectEntry, viewRoom } from '../room/view.js';
import type { Clock } from '../runtime/clock.js';
import type { ConfirmedReads } from './confirmed-reads.js';

export interface PublicEntry {
  readonly seq: Seq;
  readonly at: number;
  readonly epoch: number;
  readonly events: readonly unknown[];
}

export interface LogPage {
  readonly room: RoomCode;
  /** Where the published log ends. */
  readonly seq: Seq;
  readonly entries: readonly PublicEntry[];
}

/** What a follower is told first: every entry after `after`, or the whole view where some of them are gone. */
export type Past = { readonly after: Seq; readonly entries: readonly PublicEntry[] } | { readonly snapshot: Snapshot };

const PAGE = 500;
/** A follower that missed more than this starts from a view. */
const MAX_PAST = 2_048;

export class PublicLog {
  constructor(
    private readonly store: Pick<RoomStore, 'read'>,
    private readonly reads: ConfirmedReads,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** The first entries after `after` that are kept. */
  async page(mailbox: Mailbox, after: Seq): Promise<LogPage> {
    const { head } = mailbox;
    const { seq, start, lines } = await this.reads.read(mailbox, ({ history }) => ({
      seq: history.position.seq,
      start: history.start,
      lines: history.since(after),
    }));
    const older = after < start ? await this.older(head, after, start, PAGE) : [];
    // A page ends where the store has a gap: the next one begins behind it.
    const isJoined = older.length === 0 || older.at(-1)?.seq === start;
    const recent = isJoined ? lines.slice(0, PAGE - older.length) : [];
    return { room: mailbox.code, seq, entries: [...older, ...recent.map((line) => publicEntry(head, line))] };
  }

  /** The log of a room that nobody owns: whoever gave it up has published all of it. `end` is where it ends. */
  async unowned(head: RoomHead, after: Seq, end: Seq): Promise<LogPage> {
    return { room: head.code, seq: end, entries: await this.older(head, after, end, PAGE) };
  }

  /** What a follower has missed since `after`. */
  async past(mailbox: Mailbox, after: Seq): Promise<Past> {
    const { head } = mailbox;
    const { seq, start, lines, instead } = await this.reads.read(mailbox, ({ history, state }) => ({
      seq: history.position.seq,
      start: history.start,
      lines: history.since(after),
      instead: { snapshot: this.snapshot(mailbox, state) },
    }));
    if (after > seq || seq - after > MAX_PAST) return instead;
    const entries = lines.map((line) => publicEntry(head, line));
    for (let from = after; from < start; ) {
      const older = await this.older(head, from, start, PAGE);
      const last = older.at(-1);
      if (!last) return instead;
      entries.splice(from - after, 0, ...older);
      from = last.seq;
    }
    return entries.length === seq - after && entries.every((entry, at) => entry.seq === after + 1 + at)
      ? { after, entries }
      : instead;
  }

  private snapshot({ head, position }: Mailbox, state: RoomState): Snapshot {
    const view = viewRoom(gameOf(head), head, state, 'spectator');
    return { type: 'snapshot', now: this.clock.now(), ...position, deadline: state.deadline, view };
  }

  /** Stored entries after `after`, up to and with `end`. */
  private async older(head: RoomHead, after: Seq, end: Seq, limit: number): Promise<PublicEntry[]> {
    if (after >= end) return [];
    const stored = await this.store.read(head.code, after, Math.min(limit, end - after));
    return stored.filter(({ seq }) => seq <= end).map((entry) => publicEntry(head, entry));
  }
}

function publicEntry(head: RoomHead, { seq, text }: StoredEntry): PublicEntry {
  const entry = JSON.parse(text) as Entry;
  return { seq, at: entry.at, epoch: entry.epoch, events: projectEntry(gameOf(head), head, entry, 'spectator') };
}

function gameOf(head: RoomHead): Game {
  const game = findGame(head.game);
  if (!game) throw new CorruptRoom(`there is no game called ${head.game}`);
  return game;
}
