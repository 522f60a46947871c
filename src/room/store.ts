/**
 * Where rooms are kept, as their owner sees it. Redis keeps them in production (`src/redis/room-store.ts`), a map in
 * tests and simulations (`memory-store.ts`); one contract suite runs on both.
 *
 * INVARIANT: a room changes only by an operation that carries its present owner and epoch; a commit must also name the
 * position (seq, digest) it follows. Whether an operation without an answer took effect is `unknown`: sent again, it
 * either takes effect once or is refused with the position that tells.
 */
import type { Epoch, InstanceId, RoomCode, Seq } from '../protocol/ids.js';
import type { CommandWindows, Departure, StoredWindows } from './commands.js';
import type { LogLine, Position } from './history.js';
import type { Durability, RoomHead, RoomState } from './state.js';

/** Proof of ownership. */
export interface Fence {
  readonly owner: InstanceId;
  readonly epoch: Epoch;
}

/** Why a room cannot be played. */
export interface Failure {
  readonly why: string;
  /** Cluster time, ms. */
  readonly at: number;
  /** The version of the software that could not play it. */
  readonly version: string;
}

export interface RoomMeta extends Position {
  /** Null when nobody owns the room. */
  readonly owner: InstanceId | null;
  /** `host:port` of the owner, so that it can be asked even when its lease has run out. */
  readonly address: string | null;
  readonly epoch: Epoch;
  readonly head: RoomHead;
  /** When an owner was last known to play the room: its last commit, claim or release; the store's clock, ms. */
  readonly aliveAt: number;
  /** Set while the room is set aside. */
  readonly failed?: Failure;
  /** Why the head cannot be read, where it cannot; `head` then names no game. */
  readonly unreadable?: string;
  /** Set when a newer version of the software has stored the room's meta in a shape that this one may misread. */
  readonly unknownVersion?: number;
}

export interface StoredEntry {
  readonly seq: Seq;
  readonly text: string;
}

/** The version of snapshots that is written; all up to it are read. In version 1 the windows were pairs. */
export const SNAPSHOT_VERSION = 2;

/** Everything up to a position; with the entries after it, the whole room. */
export interface StoredSnapshot extends Position {
  readonly v: number;
  readonly state: Omit<RoomState, 'turns' | 'dealtTo' | 'shownSince' | 'lapsed'>;
  /**
   * Apart from the state, so that no older version, which does not keep it up to date, stores it again. Absent in
   * snapshots of older versions.
   */
  readonly turns?: readonly (Seq | null)[];
  /** Apart from the state for the same reason. */
  readonly deal?: Pick<RoomState, 'dealtTo' | 'shownSince'>;
  /** The same. */
  readonly lapsed?: RoomState['lapsed'];
  readonly windows: StoredWindows;
  /** Absent in snapshots of older versions. */
  readonly departed?: readonly Departure[];
}

/** What a new owner starts from. */
export interface StoredRoom {
  readonly meta: RoomMeta;
  readonly snapshot: StoredSnapshot | null;
  /** The entries after the snapshot, or all. */
  readonly tail: readonly StoredEntry[];
  /** Set when what is stored as the snapshot is none. */
  readonly unreadable?: string;
}

/** What of a stored room every change of owner is compared with. */
export interface Stored extends Position {
  readonly owner: InstanceId | null;
  readonly epoch: Epoch;
}

/** The stored log ends elsewhere than whoever wrote said. */
export type Gap = { readonly outcome: 'gap' } & Position;

export type Refused =
  /** Another owner or another epoch, and where the log ends with them. */
  | ({ readonly outcome: 'fenced' } & Stored)
  /** There is no such room. */
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'unknown'; readonly error: Error };

export type ClaimReply = { readonly outcome: 'ok'; readonly room: StoredRoom } | Gap | Refused;
export type CommitReply = { readonly outcome: 'ok' } | Gap | Refused;
export type ConfirmReply = ({ readonly outcome: 'ok' } & Stored) | Exclude<Refused, { readonly outcome: 'fenced' }>;
export type FencedReply = { readonly outcome: 'ok' } | Refused;
export type TransferReply = { readonly outcome: 'ok'; readonly epoch: Epoch } | Gap | Refused;

/** What a claimant has seen of a room. */
export interface Seen extends Pick<RoomMeta, 'owner' | 'epoch'> {
  /** The claim is refused if the log does not end there any more. */
  readonly at?: Position;
  /** What the log lacks behind `at`: written with the claim. */
  readonly missing?: readonly LogLine[];
}

/** A room as its owner has it in memory. */
export interface WholeRoom {
  readonly head: RoomHead;
  readonly fence: Fence;
  /** `host:port` of the owner. */
  readonly address: string;
  readonly snapshot: StoredSnapshot;
  readonly entries: readonly LogLine[];
}

export interface RoomStore {
  /**
   * Stores a room that nobody owns yet; it is forgotten after `ttlMs` unless claimed. True once the copies have it, false
   * when the code is in use. @throws when neither is known
   */
  create(head: RoomHead, ttlMs: number): Promise<boolean>;
  /** The room's meta, or null when there is none. @throws when the store does not answer. */
  meta(code: RoomCode): Promise<RoomMeta | null>;
  /** Makes `by` the owner with a higher epoch, also above `above`, if the room still is as `seen`. */
  claim(code: RoomCode, seen: Seen, by: InstanceId, address: string, above?: Epoch): Promise<ClaimReply>;
  /**
   * Appends `entries` behind `after`; ok once they are as safe as `durability` asks. Without entries it only makes sure
   * that everything up to `after` is.
   */
  commit(
    code: RoomCode,
    fence: Fence,
    after: Position,
    entries: readonly LogLine[],
    durability: Durability,
  ): Promise<CommitReply>;
  /** Whether owner, epoch and end of the log are these, as a commit would find them. Writes nothing. */
  check(code: RoomCode, fence: Fence, at: Position): Promise<CommitReply>;
  /** How the room is stored, once the copies have it so. */
  confirm(code: RoomCode): Promise<ConfirmReply>;
  /** Keeps the snapshot, unless it has a newer one, and trims the log behind it, but for the last `keep` entries. */
  snapshot(code: RoomCode, fence: Fence, snapshot: StoredSnapshot, keep: number): Promise<FencedReply>;
  /**
   * Gives ownership to another instance, with the next epoch, if the log ends `at` there; ok once the copies have it. Sent
   * again it is ok again, as long as the new owner has done nothing.
   */
  transfer(code: RoomCode, fence: Fence, at: Position, to: InstanceId, address: string): Promise<TransferReply>;
  /**
   * Gives ownership up, if the log ends `at` there; ok once the copies have it, and sent again. The stored room is forgotten
   * after `ttlMs` unless claimed again.
   */
  release(code: RoomCode, fence: Fence, at: Position, ttlMs: number): Promise<CommitReply>;
  /**
   * Gives ownership up because the room cannot be played; ok once the copies have it, and sent again with the same failure.
   * A claim takes the mark away. It is forgotten after `ttlMs`.
   */
  setAside(code: RoomCode, fence: Fence, failure: Failure, ttlMs: number): Promise<FencedReply>;
  /**
   * Stores a room whole, with `entries` behind the snapshot, over what is lower in (epoch, seq), if that still is as `seen`;
   * null: there was none. For a store that has been restored from a backup, or emptied.
   */
  restore(seen: Stored | null, room: WholeRoom): Promise<FencedReply>;
  /** Up to `limit` entries after `seq`. @throws when the store does not answer. */
  read(code: RoomCode, after: Seq, limit: number): Promise<readonly StoredEntry[]>;
}

/** A stored room that a newer version of the software has written: this one would misread it, that one can play it. */
export class NewerRoom extends Error {
  override readonly name = 'NewerRoom';
}

/** A stored room that does not add up. */
export class CorruptRoom extends Error {
  override readonly name = 'CorruptRoom';
}

export function toSnapshot(
  position: Position,
  { turns, dealtTo, shownSince, lapsed, ...state }: RoomState,
  windows: CommandWindows,
): StoredSnapshot {
  return {
    v: SNAPSHOT_VERSION,
    seq: position.seq,
    digest: position.digest,
    state,
    turns: Array.from(turns, (seq) => seq ?? null),
    deal: { dealtTo, shownSince },
    lapsed,
    windows: windows.stored(),
    departed: windows.departed(),
  };
}
