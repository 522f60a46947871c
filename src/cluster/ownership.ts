/**
 * The rooms that this instance owns, and how it comes to own them. Redis decides: a room is claimed by compare-and-set
 * on (owner, epoch), and everything written to it afterwards carries the new epoch.
 */
import { findGame } from '../game/games.js';
import type { Epoch, InstanceId, RoomCode } from '../protocol/ids.js';
import type { Tail } from '../room/history.js';
import { isReadable, type LoadedRoom, lastWrittenAt, loadHandedOver, loadRoom, replayEntry } from '../room/load.js';
import { Mailbox, type MailboxDeps } from '../room/mailbox.js';
import type { EndReason } from '../room/phase.js';
import type { RoomHead } from '../room/state.js';
import {
  CorruptRoom,
  NewerRoom,
  type RoomMeta,
  type RoomStore,
  type StoredRoom,
  type StoredSnapshot,
} from '../room/store.js';
import { sleep } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { FailedRooms } from './failed-rooms.js';
import type { RoomIndex } from './room-index.js';
import type { Takeover } from './takeover.js';

/** Where a room is played. */
export type Location =
  | { readonly at: 'here'; readonly mailbox: Mailbox }
  /** Nobody plays it; whoever claims it may. */
  | { readonly at: 'free'; readonly meta: RoomMeta }
  | { readonly at: 'elsewhere'; readonly owner: InstanceId; readonly address: string }
  /** There is no such room. */
  | { readonly at: 'nowhere' };

/** A room as its owner hands it over. */
export interface HandedRoom {
  readonly head: RoomHead;
  /** Under which it is this instance's. */
  readonly epoch: Epoch;
  readonly snapshot: StoredSnapshot;
  /** The end of the log that led there; older owners do not give one. */
  readonly tail?: Tail;
  /** When it was last played, cluster time. */
  readonly aliveAt: number;
}

export interface OwnershipDeps {
  readonly id: InstanceId;
  /** `host:port` under which the other instances reach this one. */
  readonly address: () => string;
  readonly store: RoomStore;
  readonly index: RoomIndex;
  readonly takeover: Pick<Takeover, 'judge' | 'judgedGone'>;
  readonly failedRooms: Pick<FailedRooms, 'mayTry' | 'setAside'>;
  readonly log: Logger;
  /** Resolves when what Redis says of a room can be believed after a gap. */
  readonly settled: () => Promise<void>;
  /** Whether what Redis lacks may be stored again soon. @throws when it does not answer */
  readonly lostLately: () => Promise<boolean>;
  /** How long a room that nobody owns is kept. */
  readonly storedTtlMs: number;
  readonly mailbox: Omit<MailboxDeps, 'onEnd' | 'onRegained' | 'store' | 'log' | 'address'>;
  /** Asks an owner, through its inbox, to move the room here. @throws when Redis does not confirm */
  readonly askForRoom: (room: RoomCode, owner: InstanceId) => Promise<void>;
  /** A room has a new owner: this instance. */
  readonly onClaimed: (mailbox: Mailbox) => void;
  readonly onEnd: (mailbox: Mailbox, reason: EndReason) => void;
}

/** This instance cannot play the room: another version of the software can. */
export class IncompatibleRoom extends Error {
  override readonly name = 'IncompatibleRoom';

  constructor({ code, game, rulesVersion }: RoomHead, why = `it needs ${game}@${rulesVersion}`) {
    super(`room ${code} cannot be played here: ${why}`);
  }
}

/** Redis has lost something just now, and has no such room: it may come back. */
export class LostLately extends Error {
  override readonly name = 'LostLately';

  constructor(code: RoomCode) {
    super(`Redis has lost something and has no room ${code}; whoever plays it stores it again`);
  }
}

/** A claim that loses this often in a row has met something else than a race. */
const CLAIM_ATTEMPTS = 5;
/** An owner that cannot be reached has this long to hand a room over. */
const HAND_OVER_MS = 1_000;
const HAND_OVER_POLL_MS = 50;

export class Ownership {
  private readonly mailboxes = new Map<RoomCode, Mailbox>();
  private readonly opening = new Map<RoomCode, Promise<Location>>();
  /** Lost rooms whose log's end is kept here until it is known that nobody needs it. */
  private readonly outlasting = new Map<RoomCode, Mailbox>();
  private readonly looks = new Map<RoomCode, Promise<RoomMeta | null>>();
  private closed = false;

  constructor(private readonly deps: OwnershipDeps) {}

  get rooms(): IterableIterator<Mailbox> {
    return this.mailboxes.values();
  }

  get size(): number {
    return this.mailboxes.size;
  }

  here(code: RoomCode): Mailbox | undefined {
    return this.mailboxes.get(code);
  }

  /** Whether the room is played here, or is just being opened. */
  concerns(code: RoomCode): boolean {
    return this.mailboxes.has(code) || this.opening.has(code);
  }

  /** Where the room is, as Redis says. No owner is asked, but one that was just found to be gone has no room. @throws when Redis does not answer. */
  async locate(code: RoomCode): Promise<Location> {
    const mailbox = this.mailboxes.get(code);
    if (mailbox) return { at: 'here', mailbox };
    const meta = await this.look(code);
    if (meta === null) return { at: 'nowhere' };
    const { owner, address } = meta;
    const isFree = owner === null || owner === this.deps.id || this.deps.takeover.judgedGone(owner);
    return isFree || address === null ? { at: 'free', meta } : { at: 'elsewhere', owner, address };
  }

  /** What Redis says of the room; a whole table that comes at once asks once. */
  private look(code: RoomCode): Promise<RoomMeta | null> {
    let look = this.looks.get(code);
    if (look === undefined) {
      look = this.deps.store.meta(code).finally(() => this.looks.delete(code));
      this.looks.set(code, look);
    }
    return look;
  }

  /**
   * The room here, claimed when nobody (or nobody who still lives) owns it. `known` is what the store has just said of it;
   * if that is outdated, the claim is fenced and looks again.
   * @throws when Redis does not answer or has just lost data and has no such room, CorruptRoom when what is stored does not add up, or IncompatibleRoom.
   */
  open(code: RoomCode, known?: RoomMeta): Promise<Location> {
    const mailbox = this.mailboxes.get(code);
    if (mailbox) return Promise.resolve({ at: 'here', mailbox });
    let opening = this.opening.get(code);
    if (opening === undefined) {
      opening = this.claim(code, known).finally(() => this.opening.delete(code));
      this.opening.set(code, opening);
    }
    return opening;
  }

  /**
   * Plays a room that its owner has given to this instance, from the state it was sealed in. True once the store has what
   * this instance wrote first: from then on it answers for all of the room. False when it does not play the room and never
   * will from this state; the owner before takes it back.
   */
  async adopt({ head, epoch, snapshot, tail, aliveAt }: HandedRoom): Promise<boolean> {
    const present = this.mailboxes.get(head.code);
    // Claimed by itself, perhaps from a store that had lost the end of the log.
    if (present && present.fence.epoch >= epoch) return present.knows(snapshot) && present.entered;
    if (this.closed || !isReadable(snapshot)) return false;
    const game = findGame(head.game);
    if (!game) throw new IncompatibleRoom(head);
    let loaded = loadHandedOver(game, snapshot, tail);
    // Where its owner has loaded the room from a store that had lost the end of the log, and has written nothing since, this
    // instance may have been the owner before: it alone has that end, and writes it again with its first entry.
    const kept = (present ?? this.outlasting.get(head.code))?.entriesAfter(snapshot) ?? [];
    for (const entry of kept) loaded = replayEntry(game, head, loaded, entry);
    return this.play(head, epoch, loaded, aliveAt, 'handed over').entered;
  }

  /** Takes no room any more. */
  close(): void {
    this.closed = true;
  }

  /** Redis has no such room. That is not the last word where somebody may play it and store it again. */
  private async nowhere(code: RoomCode): Promise<Location> {
    if (await this.deps.lostLately()) throw new LostLately(code);
    return { at: 'nowhere' };
  }

  private async claim(code: RoomCode, known?: RoomMeta): Promise<Location> {
    const { id, store, index, takeover, address, settled, lostLately } = this.deps;
    for (let attempt = 1; attempt <= CLAIM_ATTEMPTS; attempt++) {
      const adopted = this.mailboxes.get(code);
      if (adopted) return { at: 'here', mailbox: adopted };
      const meta = attempt === 1 && known ? known : await store.meta(code);
      if (meta === null) return this.nowhere(code);
      const { owner, head, failed, unknownVersion, unreadable } = meta;
      if (unknownVersion !== undefined)
        throw new IncompatibleRoom(head, `its meta has the unknown version ${unknownVersion}`);
      if (failed && !this.deps.failedRooms.mayTry(failed)) throw new CorruptRoom(failed.why);
      const isPlayable = findGame(head.game)?.rulesVersion === head.rulesVersion;
      // One that cannot be read is claimed to be set aside.
      if (!isPlayable && unreadable === undefined) throw new IncompatibleRoom(head);
      if (this.closed) return { at: 'free', meta };
      if (owner !== null && owner !== id) {
        const verdict = await takeover.judge(owner, meta.address);
        if (verdict === 'alive') return { at: 'elsewhere', owner, address: meta.address ?? '' };
        if (verdict === 'unreachable' && (await this.handedOver(code, owner))) continue;
      }
      const [lastSeen] = await Promise.all([owner === null ? 0 : index.lastSeen(owner), index.add(id, code)]);
      // Last, and before every attempt: Redis may have been away since this room was looked up, or gone back in time.
      await lostLately();
      await settled();
      // Nor is it loaded from a store that may lack what this instance still has of it.
      await this.outlasting.get(code)?.outlasted;
      if (this.closed) return { at: 'free', meta };
      const reply = await store.claim(code, meta, id, address());
      if (reply.outcome === 'ok') return { at: 'here', mailbox: await this.begin(reply.room, owner, lastSeen) };
      if (reply.outcome === 'gone') return this.nowhere(code);
      // Fenced: somebody was faster. Unknown: the next look tells whether the room is ours.
      if (reply.outcome === 'unknown') this.deps.log.warn({ room: code, err: reply.error.message }, 'claim unanswered');
    }
    throw new Error(`room ${code} changes its owner all the time`);
  }

  private async outlast(lost: Mailbox): Promise<void> {
    const { id, index } = this.deps;
    const { code } = lost;
    this.outlasting.set(code, lost);
    try {
      await lost.outlasted;
    } finally {
      if (this.outlasting.get(code) === lost) this.outlasting.delete(code);
    }
    // Until here it may have become this instance's again, and must be found where it is not taken up.
    if (!this.concerns(code)) await index.remove(id, code);
  }

  /** Asks an owner that lives but cannot be reached from here for the room; true when something has changed in time. */
  private async handedOver(code: RoomCode, owner: InstanceId): Promise<boolean> {
    const { store, askForRoom, mailbox } = this.deps;
    await askForRoom(code, owner);
    const deadline = mailbox.clock.monotonic() + HAND_OVER_MS;
    while (mailbox.clock.monotonic() < deadline) {
      await sleep(mailbox.clock, HAND_OVER_POLL_MS);
      if ((await store.meta(code))?.owner !== owner) return true;
    }
    return false;
  }

  /** Plays a room that was just claimed, sets it aside, or gives it back. @throws IncompatibleRoom when only a newer version can read it */
  private async begin(room: StoredRoom, before: InstanceId | null, lastSeen: number): Promise<Mailbox> {
    try {
      return this.start(room, before, lastSeen);
    } catch (error) {
      if (error instanceof CorruptRoom) {
        const { head, epoch } = room.meta;
        await this.deps.failedRooms.setAside(head.code, { owner: this.deps.id, epoch }, error.message);
      }
      if (!(error instanceof NewerRoom)) throw error;
      const { id, store, index, log, storedTtlMs } = this.deps;
      const { head, epoch } = room.meta;
      const reply = await store.release(head.code, { owner: id, epoch }, room.meta, storedTtlMs);
      // Without an answer the room may still be this instance's: it stays in the index and is looked at again.
      if (reply.outcome !== 'unknown') await index.remove(id, head.code);
      log.warn({ room: head.code, epoch, err: error.message }, 'room given back to a newer version');
      throw new IncompatibleRoom(head, error.message);
    }
  }

  /** `lastSeen`: when the owner before, if any, was alive for the last time, in its own cluster time, ms; 0 not known. */
  private start(room: StoredRoom, before: InstanceId | null, lastSeen: number): Mailbox {
    const { head, epoch, aliveAt, unreadable } = room.meta;
    if (unreadable !== undefined) throw new CorruptRoom(unreadable);
    const game = findGame(head.game);
    if (!game) throw new IncompatibleRoom(head);
    const loaded = loadRoom(game, room);
    // In the time of the owner before, as the deadlines are; Redis' clock, by which `aliveAt` is, can have stepped since.
    const owned = before === null ? 0 : Math.max(lastSeen, lastWrittenAt(room.tail));
    return this.play(head, epoch, loaded, owned || aliveAt, before);
  }

  private play(
    head: RoomHead,
    epoch: Epoch,
    loaded: LoadedRoom,
    aliveAt: number,
    from: InstanceId | 'handed over' | null,
  ): Mailbox {
    const { deps } = this;
    const game = findGame(head.game);
    if (!game) throw new IncompatibleRoom(head);
    // Claimed and adopted at the same time: the higher epoch is what Redis says.
    const present = this.mailboxes.get(head.code);
    if (present && present.fence.epoch >= epoch) return present;
    const mailbox = new Mailbox(
      {
        ...deps.mailbox,
        store: deps.store,
        log: deps.log,
        address: deps.address,
        onRegained: (code) => {
          this.open(code).catch((err: Error) =>
            deps.log.warn({ room: code, err: err.message }, 'room not taken up again'),
          );
        },
        onEnd: (ended, reason, why) => {
          // Where the room has come back meanwhile, the entry in the index is the new one's.
          if (this.mailboxes.get(head.code) === ended) {
            this.mailboxes.delete(head.code);
            if (why !== undefined) void deps.failedRooms.setAside(head.code, ended.fence, why);
            // Where the room may still name this instance it must be found; whoever compares the index takes the entry out.
            else if (reason !== 'lost' && ended.givenUp) deps.index.remove(deps.id, head.code).catch(() => undefined);
          }
          if (reason === 'lost') this.outlast(ended).catch(() => undefined);
          deps.onEnd(ended, reason);
        },
      },
      game,
      head,
      { owner: deps.id, epoch },
      loaded,
      aliveAt,
      from === 'handed over',
    );
    this.mailboxes.set(head.code, mailbox);
    present?.supersede();
    deps.log.info({ room: head.code, epoch, seq: mailbox.position.seq, from }, 'room claimed');
    deps.onClaimed(mailbox);
    return mailbox;
  }
}
