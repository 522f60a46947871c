/**
 * Moves a room to another instance while it is played.
 *
 * The target consents, the pin goes ahead, the source seals the room, Redis makes the target the owner, the target gets
 * the room's state, and the sockets are told. Every message may be lost: the target then loads the room from Redis, or
 * the source takes it back with a new epoch. Nothing is acknowledged between the seal and the change of owner.
 */
import { CHANNELS, type MessageOf } from '../protocol/cluster.js';
import type { Epoch, RoomCode } from '../protocol/ids.js';
import type { Mailbox } from '../room/mailbox.js';
import type { RoomHead } from '../room/state.js';
import type { RoomStore, StoredSnapshot } from '../room/store.js';
import { type Clock, sleep } from '../runtime/clock.js';
import type { Logger } from '../runtime/log.js';
import type { Bus } from './bus.js';
import type { Ownership } from './ownership.js';
import type { Pins } from './pins.js';
import type { InstanceRecord, Registry } from './registry.js';
import type { RoomIndex } from './room-index.js';
import type { Self } from './self.js';
import type { Takeover } from './takeover.js';

export interface MigrationDeps {
  readonly self: Self;
  readonly bus: Bus;
  readonly pins: Pins;
  readonly store: RoomStore;
  readonly index: RoomIndex;
  readonly registry: Pick<Registry, 'get'>;
  readonly ownership: Ownership;
  readonly takeover: Pick<Takeover, 'judge'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** refused: the target does not want it, nothing has changed. kept: the room goes on here. lost: it is not ours. */
export type MoveOutcome = 'moved' | 'refused' | 'kept' | 'lost';

const CONSENT_MS = 1_000;
const CONFIRM_MS = 500;
const RETRY_MS = 50;
/** State that took longer to arrive may be outdated: it is loaded from Redis instead. */
const DATA_MAX_AGE_MS = 1_000;

export class Migration {
  private readonly underWay = new Map<RoomCode, Promise<MoveOutcome>>();

  constructor(private readonly deps: MigrationDeps) {
    deps.bus.on('game_migration_data', (message) => this.received(message));
  }

  /** Moves the room to `target`, once a move of it that is under way is over. Never throws. */
  async move(room: Mailbox, target: InstanceRecord): Promise<MoveOutcome> {
    const { code } = room;
    for (let other = this.underWay.get(code); other; other = this.underWay.get(code)) await other;
    if (room.over) return 'lost';
    const move = this.moveAlone(room, target).finally(() => this.underWay.delete(code));
    this.underWay.set(code, move);
    return move;
  }

  private async moveAlone(room: Mailbox, target: InstanceRecord): Promise<MoveOutcome> {
    const { self, bus, pins, index, log } = this.deps;
    const rules = `${room.head.game}@${room.head.rulesVersion}`;
    const answer = await bus.ask(
      CHANNELS.instance(target.id),
      (request) => ({ type: 'game_migration_request', room: room.code, to: target.id, from: self.id, rules, request }),
      CONSENT_MS,
    );
    if (answer?.type !== 'game_migration_answer' || !answer.accepted) return 'refused';
    try {
      await index.add(target.id, room.code);
    } catch {
      return 'refused';
    }
    await pins.plan(room.code, target);
    const snapshot = await room.seal();
    if (!snapshot) {
      await this.pinToOwner(room.code);
      return 'lost';
    }
    const epoch = await this.transfer(room, target);
    if (epoch === undefined) {
      await this.pinToOwner(room.code);
      room.unseal();
      return 'kept';
    }
    const accepted = await this.confirm(room, target, epoch, snapshot);
    if (accepted === true) {
      room.moved();
      log.info({ room: room.code, to: target.id, epoch }, 'room moved');
      return 'moved';
    }
    return this.takeBack(room, target, epoch, accepted === false);
  }

  /** The pin went ahead, the room did not follow: it goes back to wherever Redis says. */
  private async pinToOwner(code: RoomCode): Promise<void> {
    const { self, store, registry, pins } = this.deps;
    try {
      const owner = (await store.meta(code))?.owner ?? null;
      if (owner === self.id) return pins.assigned(code);
      const record = owner === null ? undefined : await registry.get(owner);
      if (record) pins.assigned(code, record);
    } catch {
      // The controllers find the same in the index of rooms, a little later.
    }
  }

  /** Makes `target` the owner in Redis; the new epoch, or undefined when the room is still ours or lost. */
  private async transfer(room: Mailbox, target: InstanceRecord): Promise<Epoch | undefined> {
    const { store, clock } = this.deps;
    const address = `${target.host}:${target.port}`;
    for (;;) {
      const reply = await store.transfer(room.code, room.fence, target.id, address);
      if (reply.outcome === 'ok') return reply.epoch;
      // An earlier attempt without an answer has landed.
      if (reply.outcome === 'fenced' && reply.owner === target.id && reply.epoch === room.fence.epoch + 1) {
        return reply.epoch;
      }
      if (reply.outcome !== 'unknown') return undefined;
      await sleep(clock, RETRY_MS);
    }
  }

  /** Whether the target has adopted the room; undefined when it does not say. */
  private async confirm(
    room: Mailbox,
    target: InstanceRecord,
    epoch: Epoch,
    snapshot: StoredSnapshot,
  ): Promise<boolean | undefined> {
    const { self, bus, clock } = this.deps;
    const { code, head } = room;
    const sent_at = clock.now();
    const answer = await bus.ask(
      CHANNELS.instance(target.id),
      (request) => ({
        type: 'game_migration_data',
        room: code,
        from: self.id,
        epoch,
        head,
        snapshot,
        sent_at,
        request,
      }),
      CONFIRM_MS,
    );
    return answer?.type === 'game_migration_answer' ? answer.accepted : undefined;
  }

  /**
   * The target has not adopted the room. If it is gone, or has `refused` because it drains itself by now, the room goes on
   * here; else it will load the room from Redis. The epoch decides, should it have begun to do so.
   */
  private async takeBack(room: Mailbox, target: InstanceRecord, epoch: Epoch, refused: boolean): Promise<MoveOutcome> {
    const { takeover, store, self, index, log, pins } = this.deps;
    const address = `${target.host}:${target.port}`;
    const verdict = refused ? 'gone' : await takeover.judge(target.id, address).catch(() => 'alive');
    if (verdict === 'gone') {
      await index.add(self.id, room.code).catch(() => undefined);
      const reply = await store.claim(room.code, { owner: target.id, epoch }, self.id, self.address);
      if (reply.outcome === 'ok') {
        log.warn({ room: room.code, target: target.id, refused }, 'target has not adopted the room, taken back');
        room.unseal({ owner: self.id, epoch: reply.room.meta.epoch });
        pins.assigned(room.code);
        return 'kept';
      }
    }
    room.moved();
    return 'moved';
  }

  /** Somebody offers us a room. */
  offered({ from, rules = '', request }: MessageOf<'game_migration_request'>): void {
    const { self, bus } = this.deps;
    if (from === undefined) return;
    const accepted = self.hasSpace && self.rules.includes(rules);
    const reason = accepted ? {} : { reason: self.status === 'ready' ? 'no space, or unknown rules' : self.status };
    bus.publish(CHANNELS.instance(from), { type: 'game_migration_answer', request, accepted, ...reason });
  }

  private received(message: MessageOf<'game_migration_data'>): void {
    const { ownership, bus, clock, pins } = this.deps;
    const { room, request, from, epoch } = message;
    const fresh = clock.now() - message.sent_at <= DATA_MAX_AGE_MS;
    const accepted =
      fresh && ownership.adopt(message.head as RoomHead, message.snapshot as StoredSnapshot, epoch, message.sent_at);
    if (accepted) pins.assigned(room);
    bus.publish(CHANNELS.instance(from), { type: 'game_migration_answer', request, accepted });
  }
}
