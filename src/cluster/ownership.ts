/**
 * The rooms that this instance owns, and how it comes to own them. Redis decides: a room is claimed by compare-and-set
 * on (owner, epoch), and everything written to it afterwards carries the new epoch.
 */
import { findGame } from '../game/games.js';
import type { InstanceId, RoomCode } from '../protocol/ids.js';
import { loadRoom } from '../room/load.js';
import { type EndReason, Mailbox, type MailboxDeps } from '../room/mailbox.js';
import type { RoomHead } from '../room/state.js';
import type { RoomMeta, RoomStore, StoredRoom } from '../room/store.js';
import type { Logger } from '../runtime/log.js';
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

export interface OwnershipDeps {
  readonly id: InstanceId;
  /** `host:port` under which the other instances reach this one. */
  readonly address: () => string;
  readonly store: RoomStore;
  readonly index: RoomIndex;
  readonly takeover: Pick<Takeover, 'gone'>;
  readonly log: Logger;
  readonly mailbox: Omit<MailboxDeps, 'onEnd' | 'store' | 'log'>;
  /** A room has a new owner: this instance. */
  readonly onClaimed: (mailbox: Mailbox) => void;
  readonly onEnd: (mailbox: Mailbox, reason: EndReason) => void;
}

/** This instance cannot play the room: another version of the software can. */
export class IncompatibleRoom extends Error {
  override readonly name = 'IncompatibleRoom';

  constructor(head: RoomHead) {
    super(`room ${head.code} needs ${head.game}@${head.rulesVersion}`);
  }
}

/** A claim that loses this often in a row has met something else than a race. */
const CLAIM_ATTEMPTS = 5;

export class Ownership {
  private readonly mailboxes = new Map<RoomCode, Mailbox>();
  private readonly opening = new Map<RoomCode, Promise<Location>>();
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

  /** Where the room is, as Redis says. The owner is not asked. @throws when Redis does not answer. */
  async locate(code: RoomCode): Promise<Location> {
    const mailbox = this.mailboxes.get(code);
    if (mailbox) return { at: 'here', mailbox };
    const meta = await this.deps.store.meta(code);
    if (meta === null) return { at: 'nowhere' };
    const { owner, address } = meta;
    if (owner === null || owner === this.deps.id || address === null) return { at: 'free', meta };
    return { at: 'elsewhere', owner, address };
  }

  /**
   * The room here, claimed when nobody (or nobody who still lives) owns it.
   * @throws when Redis does not answer, or CorruptRoom when what is stored does not add up.
   */
  open(code: RoomCode): Promise<Location> {
    const mailbox = this.mailboxes.get(code);
    if (mailbox) return Promise.resolve({ at: 'here', mailbox });
    let opening = this.opening.get(code);
    if (opening === undefined) {
      opening = this.claim(code).finally(() => this.opening.delete(code));
      this.opening.set(code, opening);
    }
    return opening;
  }

  /** Takes no room any more. */
  close(): void {
    this.closed = true;
  }

  private async claim(code: RoomCode): Promise<Location> {
    const { id, store, index, takeover, address } = this.deps;
    for (let attempt = 1; attempt <= CLAIM_ATTEMPTS; attempt++) {
      const meta = await store.meta(code);
      if (meta === null) return { at: 'nowhere' };
      const { owner, head } = meta;
      if (findGame(head.game)?.rulesVersion !== head.rulesVersion) throw new IncompatibleRoom(head);
      if (this.closed) return { at: 'free', meta };
      if (owner !== null && owner !== id && !(await takeover.gone(owner, meta.address))) {
        return { at: 'elsewhere', owner, address: meta.address ?? '' };
      }
      await index.add(id, code);
      const reply = await store.claim(code, meta, id, address());
      if (reply.outcome === 'ok') return { at: 'here', mailbox: await this.start(reply.room, meta) };
      if (reply.outcome === 'gone') return { at: 'nowhere' };
      // Fenced: somebody was faster. Unknown: the next look tells whether the room is ours.
      if (reply.outcome === 'unknown') this.deps.log.warn({ room: code, err: reply.error.message }, 'claim unanswered');
    }
    throw new Error(`room ${code} changes its owner all the time`);
  }

  private async start(room: StoredRoom, before: RoomMeta): Promise<Mailbox> {
    const { deps } = this;
    const { head, epoch, aliveAt } = room.meta;
    const game = findGame(head.game);
    if (!game) throw new IncompatibleRoom(head);
    const lastSeen = before.owner === null ? aliveAt : Math.max(aliveAt, await deps.index.lastSeen(before.owner));
    const mailbox = new Mailbox(
      {
        ...deps.mailbox,
        store: deps.store,
        log: deps.log,
        onEnd: (ended, reason) => {
          if (this.mailboxes.get(head.code) === ended) this.mailboxes.delete(head.code);
          void deps.index.remove(deps.id, head.code).catch(() => undefined);
          deps.onEnd(ended, reason);
        },
      },
      game,
      head,
      { owner: deps.id, epoch },
      loadRoom(game, room),
      lastSeen,
    );
    this.mailboxes.set(head.code, mailbox);
    deps.log.info({ room: head.code, epoch, seq: room.meta.seq, from: before.owner }, 'room claimed');
    deps.onClaimed(mailbox);
    return mailbox;
  }
}
