/** Stored rooms for the contract of a RoomStore: made, changed and compared. */
import { expect } from '@jest/globals';
import type { RoomCode, Seq } from '../../src/protocol/ids.js';
import { CommandWindows } from '../../src/room/commands.js';
import { type LogEntry, type Position, START } from '../../src/room/history.js';
import { emptyRoom, type LogEvent } from '../../src/room/state.js';
import { type Fence, type RoomMeta, type RoomStore, type StoredRoom, toSnapshot } from '../../src/room/store.js';
import { entries, instance, newHead } from '../room/rooms.js';
import { until } from '../support/programs.js';

export interface StoreUnderTest {
  readonly store: RoomStore;
  /** Lets the store's time pass, where a test can. */
  elapse(ms: number): void;
  stop(): Promise<void>;
}

export const A = instance('instance-a');
export const B = instance('instance-b');
export const LONG_MS = 60_000;
export const SHORT_MS = 80;

export const left = (seat: number): LogEvent[] => [{ type: 'seat_left', seat: seat as never, reason: 'left' }];
/** `count` entries after `after`. */
export const some = (after: Position, count: number, epoch = 1): LogEntry[] =>
  entries(after, epoch, ...Array.from({ length: count }, (_, at) => left(at % 4)));
export const end = (made: readonly LogEntry[]): Position => {
  const last = made.at(-1) ?? START;
  return { seq: last.seq, digest: last.digest };
};
export const snapshotAt = (position: Position) => toSnapshot(position, emptyRoom(4), new CommandWindows());

export type StoredRooms = ReturnType<typeof storedRooms>;

/** The store is there once a test runs. */
export function storedRooms(under: () => StoreUnderTest) {
  const store = () => under().store;
  let codes = 0;
  const newCode = () => `${'0'.repeat(8)}${codes++}`.slice(-8) as RoomCode;
  const metaOf = async (code: RoomCode): Promise<RoomMeta> => {
    const meta = await store().meta(code);
    if (meta === null) throw new Error(`no room ${code}`);
    return meta;
  };
  const claim = async (code: RoomCode, by = A): Promise<{ fence: Fence; room: StoredRoom }> => {
    const reply = await store().claim(code, await metaOf(code), by, `${by}:1`);
    if (reply.outcome !== 'ok') throw new Error(`claim: ${reply.outcome}`);
    return { fence: { owner: by, epoch: reply.room.meta.epoch }, room: reply.room };
  };
  /** A room that A owns. */
  const owned = async (): Promise<{ code: RoomCode; fence: Fence }> => {
    const code = newCode();
    await store().create(newHead(code), LONG_MS);
    return { code, fence: (await claim(code)).fence };
  };
  const commit = (code: RoomCode, fence: Fence, after: Position, made: readonly LogEntry[]) =>
    store().commit(code, fence, after, made, 'primary');
  const texts = async (code: RoomCode) =>
    (await store().read(code, 0 as Seq, 1_000)).map(({ seq, text }) => [seq, text]);
  const forgotten = (code: RoomCode) =>
    until('the room is forgotten', async () => {
      under().elapse(SHORT_MS);
      return (await store().meta(code)) === null;
    });
  const unchanged = async (code: RoomCode, what: () => Promise<void>) => {
    const before = [await store().meta(code), await texts(code)];
    await what();
    expect([await store().meta(code), await texts(code)]).toEqual(before);
  };
  return { newCode, metaOf, claim, owned, commit, texts, forgotten, unchanged };
}
