/** A room with a long history that nobody plays: in which somebody changes their mind about a seat, again and again. */
import { newInstanceId } from '../../src/cluster/new-ids.js';
import type { Seat } from '../../src/game/game.js';
import { type Epoch, parseRoomCode, type RoomCode, type Seq } from '../../src/protocol/ids.js';
import { chain, type LogLine, START } from '../../src/room/history.js';
import type { Entry, RoomEvent } from '../../src/room/state.js';
import { randomHex } from '../../src/runtime/random.js';
import type { ClusterUnderTest } from './cluster-under-test.js';

const STORED_MS = 600_000;
const NOWHERE = '127.0.0.1:1';
const SEAT = 0 as Seat;
const TAKEN: readonly RoomEvent[] = [
  { type: 'seat_taken', seat: SEAT, name: 'Hesitant', token_hash: randomHex(32) },
  { type: 'host_changed', seat: SEAT },
];
const AGAIN: readonly RoomEvent[] = [{ type: 'swap_wished', from: SEAT, to: null }];

/** Stores it by the operations that an owner uses, and gives it up, so that whoever is asked for it opens it. */
export async function storeLongRoom({ base, store }: ClusterUnderTest, entries: number): Promise<RoomCode> {
  const answer = await fetch(`${base}/api/rooms`, { method: 'POST', body: '{}' });
  const code = parseRoomCode(((await answer.json()) as { room_code?: string }).room_code ?? '');
  const seen = code && (await store.meta(code));
  if (!code || !seen) throw new Error('no room was created');
  const owner = newInstanceId();
  const claimed = await store.claim(code, seen, owner, NOWHERE);
  if (claimed.outcome !== 'ok') throw new Error(`the room cannot be claimed: ${claimed.outcome}`);
  const { epoch } = claimed.room.meta;
  const lines = history(entries, epoch);
  const committed = await store.commit(code, { owner, epoch }, START, lines, 'primary');
  if (committed.outcome !== 'ok') throw new Error(`the history is not stored: ${committed.outcome}`);
  const released = await store.release(code, { owner, epoch }, lines.at(-1) ?? START, STORED_MS);
  if (released.outcome !== 'ok') throw new Error(`the room is not given up: ${released.outcome}`);
  return code;
}

function history(entries: number, epoch: Epoch): LogLine[] {
  let { digest } = START;
  return Array.from({ length: entries }, (_, at) => {
    const entry: Entry = { v: 1, epoch, at: Date.now(), salt: randomHex(8), events: at === 0 ? TAKEN : AGAIN };
    const text = JSON.stringify(entry);
    digest = chain(digest, text);
    return { seq: (at + 1) as Seq, digest, text };
  });
}
