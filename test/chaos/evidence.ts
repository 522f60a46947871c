/** What is known of one room after a run: by its clients, by the public API and by Redis. The checker's input. */
import type { Seat } from '../../src/game/game.js';
import type { Cursor } from '../../src/protocol/client-out.js';
import type { CommandId, Digest, Epoch, RoomCode, Seq } from '../../src/protocol/ids.js';
import type { RoomHead } from '../../src/room/state.js';
import type { StoredEntry } from '../../src/room/store.js';

/** An event frame as it came; `events` is its JSON. */
export interface FrameRecord {
  readonly seq: Seq;
  readonly digest: Digest;
  readonly epoch: Epoch;
  readonly events: string;
}

/** The view that a client was shown, or had put together itself, at a point of the log. */
export interface ViewRecord {
  readonly seq: Seq;
  readonly fingerprint: string;
  readonly source: 'welcome' | 'snapshot' | 'folded';
  /** Whose view it says to be; absent: that of the client's first seat. */
  readonly seat?: Seat | null;
}

export interface ConnectionRecord {
  /** What the client said it had, in its hello. */
  readonly resume: Cursor | null;
  readonly welcome: (Cursor & { readonly resumed: boolean; readonly seat: Seat | null }) | null;
  readonly frames: readonly FrameRecord[];
}

export interface AckRecord {
  readonly seq: Seq;
  /** Place among all that this room's clients sent and received. */
  readonly order: number;
  /** When it came, monotonic ms. */
  readonly at?: number;
}

export interface CommandRecord {
  readonly id: CommandId;
  readonly command: { readonly type: string };
  /** Place of its first sending, as in `AckRecord`. */
  readonly order: number;
  /** How often it was sent. */
  readonly times: number;
  readonly acks: readonly AckRecord[];
  /** Code of the error that answered it for good: it says that another attempt is of no use. */
  readonly refused: string | null;
  /** The log entry with which the turn began that it was meant for, where every sending said so. */
  readonly turn?: Seq | null;
}

/** A seat that a welcome has promised: with the token that proves it from then on. */
export interface PromisedSeat {
  /** SHA-256 of the token. */
  readonly holder: string;
  /** Up to where the log told of it. */
  readonly seq: Seq;
}

export interface ClientEvidence {
  /** The first that it had; null where it took whichever was free. */
  readonly seat: Seat | null;
  /** SHA-256 of the tokens that it has shown or was given: they say where it sits at any point of the log. */
  readonly holders?: readonly string[];
  readonly promisedSeats?: readonly PromisedSeat[];
  /** Acks of commands that it has never sent. */
  readonly strayAcks?: readonly { readonly id: CommandId; readonly seq: Seq }[];
  /** It has given its seat up, or lost it to the host, before the end. */
  readonly left?: boolean;
  readonly connections: readonly ConnectionRecord[];
  readonly commands: readonly CommandRecord[];
  readonly views: readonly ViewRecord[];
  /** Up to where it had followed the room at the end. */
  readonly end: Cursor | null;
}

/** What one event stream told, which was asked for everything after `after`. */
export interface StreamRecord {
  readonly after: number;
  readonly entries: readonly Omit<PublishedEntry, 'at'>[];
}

/** An entry as `GET /api/room/events` tells it. */
export interface PublishedEntry {
  readonly seq: number;
  readonly at: number;
  readonly epoch: number;
  readonly events: readonly unknown[];
}

export interface RoomEvidence {
  readonly code: RoomCode;
  readonly head: RoomHead;
  /** What Redis says of the end of the log. */
  readonly meta: Cursor;
  /** The raw log, from its first entry. */
  readonly log: readonly StoredEntry[];
  /** Null where nobody asked. */
  readonly published: readonly PublishedEntry[] | null;
  readonly clients: readonly ClientEvidence[];
  readonly streams?: readonly StreamRecord[];
}
