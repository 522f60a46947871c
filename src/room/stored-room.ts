/**
 * The rules by which a stored room changes: compare first, then write. PURE: from the room as it is stored to a reply and
 * the room as it is stored then. The store in memory keeps them as they are here, Redis' scripts say the same in Lua (one
 * contract suite holds both), and the model of ownership explores them.
 */
import type { Epoch, InstanceId, Seq } from '../protocol/ids.js';
import type { Position } from './history.js';
import type { Fence, Gap, Seen, Stored } from './store.js';

/** An entry of the log, with what the rules need to know of it. */
export interface KeptEntry {
  readonly seq: Seq;
  readonly epoch: Epoch;
}

export interface KeptRoom<Entry extends KeptEntry = KeptEntry, Snapshot extends Position = Position> extends Position {
  readonly owner: InstanceId | null;
  readonly epoch: Epoch;
  readonly log: readonly Entry[];
  readonly snapshot: Snapshot | null;
}

export type Refusal = ({ readonly outcome: 'fenced' } & Stored) | Gap;

/** ok with the room as it is stored from now on; else nothing has changed. */
export type Ruling<Room, Why extends Refusal = Refusal> = { readonly outcome: 'ok'; readonly room: Room } | Why;

type Fenced = Extract<Refusal, { outcome: 'fenced' }>;
/** The fields of `Kept` alone: whatever else a store keeps of a room stays as it is. */
type Kept = KeptRoom<KeptEntry, Position>;
type EntryOf<Room extends Kept> = Room['log'][number];
type SnapshotOf<Room extends Kept> = NonNullable<Room['snapshot']>;

const fencedBy = ({ owner, epoch, seq, digest }: Kept): Fenced => ({ outcome: 'fenced', owner, epoch, seq, digest });
const endsAt = (room: Kept, { seq, digest }: Position): boolean => room.seq === seq && room.digest === digest;
const gapIn = ({ seq, digest }: Kept): Gap => ({ outcome: 'gap', seq, digest });

/** Why whoever shows `fence` may not write; undefined when it may. */
function refusal(room: Kept, fence: Fence): Fenced | undefined {
  return room.owner === fence.owner && room.epoch === fence.epoch ? undefined : fencedBy(room);
}

/** Whether owner, epoch and end of the log are these. */
export function checkRoom<Room extends Kept>(room: Room, fence: Fence, at: Position): Ruling<Room> {
  const refused = refusal(room, fence);
  if (refused) return refused;
  return endsAt(room, at) ? { outcome: 'ok', room } : gapIn(room);
}

/**
 * A new owner, if owner and epoch are as it saw them, and the end of the log where it says one. The new epoch is above all
 * that a failover may have left behind. Who claims again brings what the log lacks: no owner is seen that may still have to
 * write it, and may die before it has.
 */
export function claimRoom<Room extends Kept>(
  room: Room,
  seen: Seen,
  by: InstanceId,
  above: Epoch,
  missing?: { readonly entries: readonly EntryOf<Room>[]; readonly end: Position },
): Ruling<Room> {
  if (room.owner !== seen.owner || room.epoch !== seen.epoch) return fencedBy(room);
  if (seen.at && !endsAt(room, seen.at)) return gapIn(room);
  const { seq, digest } = missing?.end ?? room;
  const log = missing ? [...room.log, ...missing.entries] : room.log;
  const highest = Math.max(room.epoch, above, log.at(-1)?.epoch ?? 0);
  return { outcome: 'ok', room: { ...room, owner: by, epoch: (highest + 1) as Epoch, seq, digest, log } };
}

/** Entries behind the position that they follow. */
export function appendTo<Room extends Kept>(
  room: Room,
  fence: Fence,
  after: Position,
  entries: readonly EntryOf<Room>[],
  end: Position,
): Ruling<Room> {
  const ruling = checkRoom(room, fence, after);
  if (ruling.outcome !== 'ok') return ruling;
  const { seq, digest } = end;
  return { outcome: 'ok', room: { ...room, seq, digest, log: [...room.log, ...entries] } };
}

/** A snapshot of what is stored, unless there is a newer one; the log is trimmed behind it, but for `keep` entries. */
export function keepSnapshot<Room extends Kept>(
  room: Room,
  fence: Fence,
  snapshot: SnapshotOf<Room>,
  keep: number,
): Ruling<Room, Fenced> {
  const refused = refusal(room, fence);
  if (refused) return refused;
  if (snapshot.seq > room.seq) return fencedBy(room);
  if (room.snapshot && snapshot.seq < room.snapshot.seq) return { outcome: 'ok', room };
  const log = room.log.filter(({ seq }) => seq > snapshot.seq - keep);
  return { outcome: 'ok', room: { ...room, snapshot, log } };
}

/** Another owner, by the word of the present one, which says where the log ends; again, where that has landed before. */
export function transferRoom<Room extends Kept>(room: Room, fence: Fence, at: Position, to: InstanceId): Ruling<Room> {
  const epoch = (fence.epoch + 1) as Epoch;
  if (room.owner === to && room.epoch === epoch && endsAt(room, at)) return { outcome: 'ok', room };
  const ruling = checkRoom(room, fence, at);
  if (ruling.outcome !== 'ok') return ruling;
  return { outcome: 'ok', room: { ...room, owner: to, epoch } };
}

/** No owner, by the word of the present one, which says where the log ends; again, where that has landed before. */
export function releaseRoom<Room extends Kept>(room: Room, fence: Fence, at: Position): Ruling<Room> {
  if (room.owner === null && room.epoch === fence.epoch && endsAt(room, at)) return { outcome: 'ok', room };
  const ruling = checkRoom(room, fence, at);
  if (ruling.outcome !== 'ok') return ruling;
  return { outcome: 'ok', room: { ...room, owner: null } };
}

/** Why a room that ends at `end` may not be stored whole by `fence` over what was `seen`; undefined when it may. */
export function restoreRefusal(
  room: Kept | undefined,
  seen: Stored | null,
  { epoch }: Fence,
  end: Position,
): Fenced | { readonly outcome: 'gone' } | undefined {
  if (!room) return seen ? { outcome: 'gone' } : undefined;
  const same = seen && room.owner === seen.owner && room.epoch === seen.epoch && endsAt(room, seen);
  const lower = room.epoch < epoch || (room.epoch === epoch && room.seq < end.seq);
  return same && lower ? undefined : fencedBy(room);
}
