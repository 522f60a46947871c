/** What must hold of a simulated cluster at its end: the checker of the chaos campaign, and what it cannot see. */

import { createHash } from 'node:crypto';
import { type Card, DECK } from '../../src/game/cards.js';
import { findGame } from '../../src/game/games.js';
import type { Event } from '../../src/game/hokm/event.js';
import type { Cursor, RoomView, Snapshot, Welcome } from '../../src/protocol/client-out.js';
import type { Digest, Epoch, Seq } from '../../src/protocol/ids.js';
import type { Entry } from '../../src/room/state.js';
import type { StoredEntry } from '../../src/room/store.js';
import { projectEntry } from '../../src/room/view.js';
import { checkRoom } from '../chaos/checker.js';
import { KEYS } from '../support/keys.js';
import type { Bystanders } from './bystanders.js';
import type { Told } from './follower.js';
import type { ShownFrame, Sitter } from './sitter.js';
import type { PlayedRoom, World } from './world.js';

export interface Checked {
  readonly acked: number;
  readonly violations: readonly string[];
  readonly fingerprint: string;
}

export function check(world: World, bystanders: Bystanders): Checked {
  let acked = 0;
  const violations: string[] = [];
  const hash = createHash('sha256');
  for (const room of world.rooms) {
    const { code } = room.head;
    const meta = metaOf(world, room);
    if (!meta) {
      violations.push(`${code}: the room is gone`);
      continue;
    }
    const log = logOf(room, meta.digest);
    violations.push(...storedOtherwise(world, room, log).map((one) => `${code}: ${one}`));
    hash.update(meta.digest);
    for (const player of room.players) player.noteView();
    const clients = room.history.clients.map((client, at) => client.evidence(room.players[at]?.cursor ?? null));
    const verdict = checkRoom({ code, head: room.head, meta, log, published: null, clients });
    acked += verdict.acked;
    violations.push(...verdict.violations.map(({ kind, seq, text }) => `${code} at ${seq}: ${kind}: ${text}`));
    violations.push(...publishedOtherwise(room, log, bystanders.told(code)).map((one) => `${code}: ${one}`));
    const hidden = hiddenBySeq(log);
    for (const player of room.players) {
      violations.push(
        ...player.shown.flatMap((frame) => leak(player, frame, hidden) ?? []).map((one) => `${code}: ${one}`),
      );
    }
  }
  return { acked, violations, fingerprint: hash.digest('hex').slice(0, 16) };
}

/** What the stored log has, and is not what was stored into it. */
function storedOtherwise({ server }: World, { head }: PlayedRoom, log: readonly StoredEntry[]): string[] {
  const stored = server.history(KEYS.roomLog(head.code));
  return stored.flatMap(([id, fields]) => {
    const entry = log[Number.parseInt(id, 10) - 1];
    return entry?.text === fields[1] ? [] : [`stored: the log has another entry ${id}`];
  });
}

/** What was told over HTTP and is not what the log says. */
function publishedOtherwise({ head }: PlayedRoom, log: readonly StoredEntry[], told: readonly Told[]): string[] {
  const game = findGame(head.game);
  if (!game) return [`there is no game called ${head.game}`];
  const entries = new Map(log.map(({ seq, text }) => [seq as number, JSON.parse(text) as Entry]));
  return told.flatMap(({ seq, epoch, events }) => {
    const entry = entries.get(seq);
    const isSame = entry?.epoch === epoch && JSON.stringify(projectEntry(game, head, entry, 'spectator')) === events;
    return isSame ? [] : [`published: entry ${seq} was told over HTTP as it is not in the log`];
  });
}

export function metaOf({ server }: World, { head }: PlayedRoom): Cursor | undefined {
  const fields = server.peek('HMGET', KEYS.roomMeta(head.code), 'epoch', 'seq', 'digest') as (string | null)[];
  const [epoch, seq, digest] = fields;
  if (!digest) return undefined;
  return { epoch: Number(epoch) as Epoch, seq: Number(seq) as Seq, digest: digest as Digest };
}

/** All that led to where the log ends, also what is trimmed, or lost by a store that was restored. */
function logOf({ lines }: PlayedRoom, end: Digest): StoredEntry[] {
  const log: StoredEntry[] = [];
  for (let line = lines.get(end); line !== undefined; line = lines.get(line.before)) log.push(line);
  return log.reverse();
}

/** By seq, the cards that each seat holds and nobody else has seen after that entry. */
function hiddenBySeq(log: readonly StoredEntry[]): ReadonlySet<Card>[][] {
  const bySeq: ReadonlySet<Card>[][] = [[]];
  let hands: readonly ReadonlySet<Card>[] = [];
  for (const { seq, text } of log) {
    for (const event of (JSON.parse(text) as Entry).events as readonly Event[]) {
      if (event.type === 'rest_dealt') hands = event.hands.map((hand) => new Set(hand));
      else if (event.type === 'card_played') hands = hands.map((hand) => without(hand, event.card));
      else if (event.type === 'hand_ended' || event.type === 'hand_started') hands = [];
    }
    bySeq[seq] = [...hands];
  }
  return bySeq;
}

const without = (hand: ReadonlySet<Card>, card: Card) =>
  hand.has(card) ? new Set([...hand].filter((one) => one !== card)) : hand;

const CARD = /"([2-9TJQKA][SHCD])"/g;
const known: ReadonlySet<string> = new Set(DECK);

/** A card in a frame that its receiver may not know. */
function leak({ seat }: Sitter, { seq, type, text }: ShownFrame, hidden: ReadonlySet<Card>[][]): string | undefined {
  const hands = hidden[seq] ?? [];
  if (hands.length === 0) return undefined;
  for (const [, card = ''] of (type === 'event' ? text : withoutLastHand(text)).matchAll(CARD)) {
    const holder = hands.findIndex((hand) => hand.has(card as Card));
    if (known.has(card) && holder >= 0 && holder !== seat) {
      return `view: seat ${seat} was shown ${card} of seat ${holder} at ${seq}`;
    }
  }
  return undefined;
}

/** The hand before this one lies open, with cards of the same names. */
function withoutLastHand(text: string): string {
  const { view, legal } = JSON.parse(text) as Welcome | Snapshot;
  const { table, ...rest } = (view ?? {}) as RoomView & { table?: { table?: object } | null };
  return JSON.stringify({ ...rest, legal, table: table && { ...table, table: { ...table.table, last_hand: null } } });
}
