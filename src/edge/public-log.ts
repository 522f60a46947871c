/**
 * A room's log as everybody may see it, up to the entry that its owner has published. The newest entries come from the
 * owner's memory; the store is asked only for older ones, because its end may hold an entry that still waits for its
 * copies.
 */
import type { Game } from '../game/game.js';
import { findGame } from '../game/games.js';
import type { Snapshot } from '../protocol/client-out.js';
import type { Seq } from '../protocol/ids.js';
import type { Mailbox } from '../room/mailbox.js';
import type { Entry, RoomHead, RoomState } from '../room/state.js';
import { CorruptRoom, type RoomMeta, type RoomStore } from '../room/store.js';
import { projectEntry, viewRoom } from '../room/view.js';
import type { Clock } from '../runtime/clock.js';
import type { ConfirmedReads } from './confirmed-reads.js';
import {
  type Kept,
  PAGE,
  type PublicLine,
  PublicPages,
  type Published,
  RecentLines,
  type Render,
} from './public-pages.js';

export interface LogPage {
  /** Where the published log ends. */
  readonly seq: Seq;
  /** The page as JSON. */
  readonly text: string;
}

/** What a follower is told first: every entry after `after`, or the whole view where some of them are gone. */
export type Past = { readonly after: Seq; readonly entries: readonly PublicLine[] } | { readonly snapshot: Snapshot };

/** A follower that missed more than this starts from a view. */
const MAX_PAST = 2_048;

export class PublicLog {
  private readonly pages = new PublicPages();

  constructor(
    private readonly store: Pick<RoomStore, 'read'>,
    private readonly reads: ConfirmedReads,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** The first entries after `after` that are kept. */
  async page(mailbox: Mailbox, after: Seq): Promise<LogPage> {
    const { head } = mailbox;
    const { seq, start, lines } = await this.reads.read(mailbox, ({ history }) => this.recent(mailbox, history, after));
    const older = after < start ? await this.older(mailbox, head, after, start) : [];
    // A page ends where the store has a gap: the next one begins behind it.
    const isJoined = older.length === 0 || older.at(-1)?.seq === start;
    return pageOf(head, seq, [...older, ...(isJoined ? lines.slice(0, PAGE - older.length) : [])]);
  }

  /** The log of a room that nobody owns: whoever gave it up has published all of it. */
  async unowned({ head, epoch, seq, digest }: RoomMeta, after: Seq): Promise<LogPage> {
    return pageOf(head, seq, await this.older(`${head.code} ${epoch} ${digest}`, head, after, seq));
  }

  /** What a follower has missed since `after`. */
  async past(mailbox: Mailbox, after: Seq): Promise<Past> {
    const { head } = mailbox;
    const { seq, start, lines, instead } = await this.reads.read(mailbox, ({ history, state }) => ({
      ...this.recent(mailbox, history, after),
      instead: { snapshot: this.snapshot(mailbox, state) },
    }));
    if (after > seq || seq - after > MAX_PAST) return instead;
    const entries: PublicLine[] = [];
    for (let from = after; from < start; ) {
      const older = await this.older(mailbox, head, from, start);
      const last = older.at(-1);
      if (!last) return instead;
      entries.push(...older);
      from = last.seq;
    }
    entries.push(...lines);
    return entries.length === seq - after && entries.every((entry, at) => entry.seq === after + 1 + at)
      ? { after, entries }
      : instead;
  }

  /** What the owner has in memory after `after`. */
  private recent(mailbox: Mailbox, history: Kept, after: Seq) {
    const pages = this.pages.of(mailbox);
    pages.recent ??= new RecentLines(renderOf(mailbox.head));
    pages.recent.follow(history);
    return { seq: history.position.seq, start: history.start, lines: pages.recent.after(after) };
  }

  private snapshot({ head, position }: Mailbox, state: RoomState): Snapshot {
    const view = viewRoom(gameOf(head), head, state, 'spectator');
    return { type: 'snapshot', now: this.clock.now(), ...position, deadline: state.deadline, view };
  }

  /** Stored entries after `after`, up to and with `end`, a page of them at most. */
  private async older(room: Published, head: RoomHead, after: Seq, end: Seq): Promise<readonly PublicLine[]> {
    if (after >= end) return [];
    const known = this.pages.of(room).olderAfter(after, end);
    if (known) return known.lines;
    const stored = await this.store.read(head.code, after, Math.min(PAGE, end - after));
    const lines = stored.filter(({ seq }) => seq <= end).map(renderOf(head));
    this.pages.of(room).keep({ after, end, lines });
    return lines;
  }
}

function pageOf(head: RoomHead, seq: Seq, lines: readonly PublicLine[]): LogPage {
  const entries = lines.map(({ text }) => text).join(',');
  return { seq, text: `{"room":${JSON.stringify(head.code)},"seq":${seq},"entries":[${entries}]}` };
}

/** An entry as JSON: as everybody may see it. */
function renderOf(head: RoomHead): Render {
  const game = gameOf(head);
  return ({ seq, text }) => {
    const entry = JSON.parse(text) as Entry;
    const events = projectEntry(game, head, entry, 'spectator');
    return { seq, text: JSON.stringify({ seq, at: entry.at, epoch: entry.epoch, events }) };
  };
}

function gameOf(head: RoomHead): Game {
  const game = findGame(head.game);
  if (!game) throw new CorruptRoom(`there is no game called ${head.game}`);
  return game;
}
