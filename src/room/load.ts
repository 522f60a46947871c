/** Makes a room of what is stored: snapshot, then every entry after it. PURE. */
import type { Game } from '../game/game.js';
import { CommandWindows } from './commands.js';
import { chain, History, START, type Tail } from './history.js';
import { type Entry, emptyRoom, evolve, type RoomHead, type RoomState, withDeal } from './state.js';
import {
  CorruptRoom,
  NewerRoom,
  SNAPSHOT_VERSION,
  type StoredEntry,
  type StoredRoom,
  type StoredSnapshot,
} from './store.js';

export interface LoadedRoom {
  readonly state: RoomState;
  readonly windows: CommandWindows;
  readonly history: History;
}

/** A newer version of the software may have written what this one would misread. */
export const isReadable = ({ v }: StoredSnapshot): boolean => !(v > SNAPSHOT_VERSION);

/** A room as it is handed over: a readable snapshot, and the end of the log that led to it. */
export function loadHandedOver(game: Game, snapshot: StoredSnapshot, tail?: Tail): LoadedRoom {
  const { windows, departed } = snapshot;
  return {
    state: complete(game, snapshot),
    windows: new CommandWindows(windows, departed),
    history: History.leadingTo(snapshot, tail),
  };
}

/** When the last of these entries was written, in the cluster time of its writer, ms; 0 when there is none. */
export function lastWrittenAt(tail: readonly StoredEntry[]): number {
  const last = tail.at(-1);
  return last ? (JSON.parse(last.text) as Entry).at : 0;
}

/** A stored state may be older than fields that start empty, and than the rule of who is shown the cards of a hand. */
function complete(game: Game, { state, turns = [], deal, lapsed }: StoredSnapshot): RoomState {
  const empty = emptyRoom(state.seats.length);
  const whole = { ...empty, ...state, lapsed: lapsed ?? empty.lapsed, turns: turns.map((seq) => seq ?? undefined) };
  return deal ? { ...whole, ...deal } : withDeal(game, whole);
}

/**
 * @throws CorruptRoom when the log has a gap, its digest is not the one that the room's meta names, or the game cannot
 * make sense of it; NewerRoom when the snapshot or an entry has a version that is not known yet.
 */
export function loadRoom(game: Game, stored: StoredRoom): LoadedRoom {
  try {
    return replay(game, stored);
  } catch (error) {
    if (error instanceof CorruptRoom || error instanceof NewerRoom) throw error;
    throw new CorruptRoom(`the log cannot be replayed: ${(error as Error).message}`, { cause: error });
  }
}

function replay(game: Game, stored: StoredRoom): LoadedRoom {
  const { meta, snapshot, tail, unreadable } = stored;
  const why = meta.unreadable ?? unreadable;
  if (why !== undefined) throw new CorruptRoom(why);
  if (snapshot && !isReadable(snapshot)) throw new NewerRoom(`the snapshot has the unknown version ${snapshot.v}`);
  const seatCount = game.seatCount(meta.head.options);
  let state = snapshot ? complete(game, snapshot) : emptyRoom(seatCount);
  const windows = new CommandWindows(snapshot?.windows, snapshot?.departed);
  const base = snapshot ?? START;
  const history = new History({ seq: base.seq, digest: base.digest });
  for (const entry of tail) state = replayEntry(game, meta.head, { state, windows, history }, entry).state;
  const end = history.position;
  if (end.seq !== meta.seq || end.digest !== meta.digest) {
    throw new CorruptRoom(`the log ends at ${end.seq} ${end.digest}, not at ${meta.seq} ${meta.digest}`);
  }
  return { state, windows, history };
}

/** The room after the next entry of its log; `windows` and `history` change. @throws CorruptRoom or NewerRoom */
export function replayEntry(
  game: Game,
  head: RoomHead,
  { state, windows, history }: LoadedRoom,
  { seq, text }: StoredEntry,
): LoadedRoom {
  const before = history.position;
  if (seq !== before.seq + 1) throw new CorruptRoom(`the log goes from ${before.seq} to ${seq}`);
  const entry = JSON.parse(text) as Entry;
  if (entry.v !== 1)
    throw new (entry.v > 1 ? NewerRoom : CorruptRoom)(`entry ${seq} has the unknown version ${entry.v}`);
  windows.apply(entry, seq, state);
  history.push({ seq, digest: chain(before.digest, text), text });
  return { state: evolve(game, head, state, entry, seq), windows, history };
}
