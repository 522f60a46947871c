/**
 * The store of the model: one room under the very rules of `src/room/stored-room.ts`, on a primary whose copies lag.
 *
 * A log's digest is its path, its entries in a row, so that two logs with the same digest have the same past, as hashes
 * chained say in production.
 */
import type { Digest, Epoch, InstanceId, Seq } from '../../src/protocol/ids.js';
import type { Position } from '../../src/room/history.js';
import {
  appendTo,
  checkRoom,
  claimRoom,
  type KeptRoom,
  keepSnapshot,
  releaseRoom,
  restoreRefusal,
  transferRoom,
} from '../../src/room/stored-room.js';
import type { Rules } from './rules.js';

/** `COMMAND@EPOCH`: what was entered, and by whose word. */
export type Line = string;
export type Path = readonly Line[];
export interface StoredLine {
  readonly seq: Seq;
  readonly epoch: Epoch;
  readonly line: Line;
}
export type Room = KeptRoom<StoredLine, Position>;

export const epochOf = (line: Line): number => Number(line.slice(line.indexOf('@') + 1));
export const commandOf = (line: Line): string => line.slice(0, line.indexOf('@'));
export const digestOf = (path: Path): Digest => path.join(' ') as Digest;
export const pathOf = (digest: Digest): Path => (digest === '' ? [] : digest.split(' '));
export const positionOf = (path: Path): Position => ({ seq: path.length as Seq, digest: digestOf(path) });

export interface Fence {
  readonly owner: InstanceId;
  readonly epoch: number;
}

export interface Seen extends Position {
  readonly owner: InstanceId | null;
  readonly epoch: number;
}

export type Request = { readonly by: InstanceId } & (
  | { readonly kind: 'commit'; readonly epoch: number; readonly after: Position; readonly lines: Path }
  | { readonly kind: 'check'; readonly fence: Fence; readonly at: Position }
  | {
      readonly kind: 'claim';
      readonly seen: Seen;
      readonly above: number;
      /** Who claims again also compares the position, and writes what the log lacks. */
      readonly again: boolean;
      readonly lines: Path;
    }
  | {
      readonly kind: 'restore';
      readonly seen: Seen;
      readonly epoch: number;
      readonly base: number;
      readonly path: Path;
    }
  | { readonly kind: 'transfer'; readonly epoch: number; readonly at: Position; readonly to: InstanceId }
  | { readonly kind: 'snapshot'; readonly epoch: number; readonly at: Position }
  /** A write that changes nothing of the room, to wait for the copies. */
  | { readonly kind: 'confirm' }
  | { readonly kind: 'release'; readonly epoch: number; readonly at: Position }
);

export type Reply =
  | { readonly outcome: 'ok'; readonly epoch: number; readonly digest: Digest; readonly base: number }
  | ({ readonly outcome: 'fenced' } & Seen)
  | ({ readonly outcome: 'gap' } & Position)
  | { readonly outcome: 'unknown' };

export const EMPTY_ROOM: Room = {
  owner: null,
  epoch: 0 as Epoch,
  seq: 0 as Seq,
  digest: '' as Digest,
  log: [],
  snapshot: null,
};

export const linesOf = (path: Path, from: number): StoredLine[] =>
  path.slice(from).map((line, at) => ({ seq: (from + at + 1) as Seq, epoch: epochOf(line) as Epoch, line }));

export const seenOf = ({ owner, epoch, seq, digest }: Room): Seen => ({ owner, epoch, seq, digest });

/**
 * What the store answers, and the room as it is then. A compare that the rules take out is given what it would find: the
 * rule itself stays the one of production.
 */
export function execute(room: Room, request: Request, rules: Rules): { readonly room: Room; readonly reply: Reply } {
  const ruling = rule(room, request, rules);
  if (ruling.outcome === 'fenced') return { room, reply: { ...seenOf(room), outcome: 'fenced' } };
  if (ruling.outcome === 'gap') return { room, reply: ruling };
  const { epoch, digest, snapshot } = ruling.room;
  return { room: ruling.room, reply: { outcome: 'ok', epoch, digest, base: snapshot?.seq ?? 0 } };
}

function rule(room: Room, request: Request, rules: Rules) {
  const { by } = request;
  const present = { owner: room.owner ?? by, epoch: room.epoch };
  const fence = 'epoch' in request && rules.fences ? { owner: by, epoch: request.epoch as Epoch } : present;
  switch (request.kind) {
    case 'commit': {
      const after = rules.commitPosition ? request.after : room;
      const from = after.seq;
      const lines = linesOf([...pathOf(after.digest), ...request.lines], from);
      return appendTo(room, fence, after, lines, positionOf([...pathOf(after.digest), ...request.lines]));
    }
    case 'check':
      return checkRoom(room, { owner: request.fence.owner, epoch: request.fence.epoch as Epoch }, request.at);
    case 'claim': {
      const seen = rules.claimSeen ? { ...request.seen, epoch: request.seen.epoch as Epoch } : room;
      if (seen.owner === room.owner && seen.epoch === room.epoch && request.again && rules.claimPosition) {
        if (room.digest !== request.seen.digest) return gapAt(room);
      }
      const above = (rules.claimAbove ? request.above : 0) as Epoch;
      const from = rules.claimAboveLog ? room : { ...room, log: [] };
      const path = [...pathOf(room.digest), ...request.lines];
      const entries = linesOf(path, room.seq);
      const ruling = claimRoom(from, seen, by, above, { entries, end: positionOf(path) });
      if (ruling.outcome !== 'ok') return ruling;
      return { ...ruling, room: { ...ruling.room, log: [...room.log, ...entries] } };
    }
    case 'confirm':
      return { outcome: 'ok' as const, room };
    case 'restore':
      return restore(room, request, rules);
    case 'transfer': {
      const { to } = request;
      const landed = room.owner === to && room.epoch === request.epoch + 1;
      const again = rules.transferAgain && room.digest === request.at.digest;
      if (landed && !again) return { outcome: 'fenced' as const };
      return transferRoom(room, fence, rules.transferPosition ? request.at : room, to);
    }
    case 'snapshot':
      return keepSnapshot(room, fence, request.at, 0);
    case 'release': {
      const again = room.epoch === request.epoch && room.digest === request.at.digest;
      if (room.owner === null && !again) return { outcome: 'fenced' as const };
      return releaseRoom(room, fence, rules.releasePosition ? request.at : room);
    }
  }
}

const gapAt = ({ seq, digest }: Room) => ({ outcome: 'gap' as const, seq, digest });

/** The whole room over an older one. A compare that the rules take out is given what it would find. */
function restore(room: Room, request: Extract<Request, { kind: 'restore' }>, rules: Rules) {
  const { base, path, by } = request;
  const fence = { owner: by, epoch: request.epoch as Epoch };
  const end = positionOf(path);
  const seen = rules.restoreSeen ? { ...request.seen, epoch: request.seen.epoch as Epoch } : room;
  const highest = { owner: by, epoch: (room.epoch + 1) as Epoch };
  const refused = restoreRefusal(room, seen, rules.restoreUpwards ? fence : highest, end);
  if (refused) return { outcome: 'fenced' as const };
  const snapshot = base === 0 ? null : positionOf(path.slice(0, base));
  return { outcome: 'ok' as const, room: { ...fence, ...end, log: linesOf(path, base), snapshot } };
}
