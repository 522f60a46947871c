/**
 * Moves a room to another instance while it is played.
 *
 * The target consents, the pin goes ahead, the source seals the room, Redis makes the target the owner, the target gets
 * the room's state with the end of its log, writes to it, answers, and the sockets are told. Until the answer the source
 * keeps the room sealed: every message may be lost, and Redis may lose the change of owner. It is then made again, or taken
 * back under a higher epoch. From the answer on the target alone repairs what Redis loses.
 */
import type { MessageOf } from '../protocol/cluster.js';
import type { Epoch, InstanceId, RoomCode } from '../protocol/ids.js';
import type { Handed, Handover } from '../room/handover.js';
import type { Mailbox } from '../room/mailbox.js';
import type { RoomHead } from '../room/state.js';
import type { RoomStore, StoredSnapshot } from '../room/store.js';
import { formatHostPort } from '../runtime/address.js';
import type { Clock } from '../runtime/clock.js';
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
  readonly store: Pick<RoomStore, 'meta'>;
  readonly index: RoomIndex;
  readonly registry: Pick<Registry, 'get'>;
  readonly ownership: Ownership;
  readonly takeover: Pick<Takeover, 'judge'>;
  readonly clock: Clock;
  /** Resolves when what Redis says of a room can be believed after a gap. */
  readonly settled: () => Promise<void>;
  readonly log: Logger;
}

/** refused: the target does not want it, nothing has changed. kept: the room goes on here. lost: it is not ours. */
export type MoveOutcome = 'moved' | 'refused' | 'kept' | 'lost';

/** What a target gets of a room that takes no commands any more. */
type Sealed = Pick<MessageOf<'game_migration_data'>, 'alive_at'> & { readonly snapshot: StoredSnapshot };

const CONSENT_MS = 1_000;
/** For the target's first answer; the next ones have longer. */
const CONFIRM_MS = 500;
const LONGEST_CONFIRM_MS = 2_000;
/** A target that lives, says nothing for so long and has not written to the room does not get it. */
const SILENCE_MS = 10_000;
/** State that took longer to arrive may be outdated: it is refused, and its owner takes the room back. */
const DATA_MAX_AGE_MS = 3_000;
/** What was answered for rooms is remembered, of the latest so many. */
const ANSWERED_MOST = 10_000;

export class Migration {
  private readonly underWay = new Map<RoomCode, Promise<MoveOutcome>>();
  /** Rooms that are another's in Redis, which has not answered yet. */
  private readonly unanswered = new Set<RoomCode>();
  /** Epochs up to which this instance never adopts what it is handed: it has said so. */
  private readonly refused = new Map<RoomCode, Epoch>();
  /** Epochs up to which it has adopted rooms: by now they may have moved on, and the same may arrive again. */
  private readonly adopted = new Map<RoomCode, Epoch>();

  /** By how much our cluster time is ahead of that of who has offered rooms, ms (see `ClusterClock`). */
  private readonly ahead = new Map<InstanceId, number>();

  constructor(private readonly deps: MigrationDeps) {
    deps.bus.on('game_migration_data', (message) => this.received(message));
  }

  /** Rooms given away whose new owners have not answered yet. */
  get pending(): readonly RoomCode[] {
    return [...this.unanswered];
  }

  /** Moves the room to `target`, once a move of it that is under way is over. Never throws. */
  async move(room: Mailbox, target: InstanceRecord): Promise<MoveOutcome> {
    const { code } = room;
    await this.idle(code);
    if (room.over) return 'lost';
    const move = this.moveAlone(room, target).finally(() => this.underWay.delete(code));
    this.underWay.set(code, move);
    return move;
  }

  /** Resolves when the room is not being moved: it has an answer, or has been taken back. */
  async idle(code: RoomCode): Promise<void> {
    for (let move = this.underWay.get(code); move; move = this.underWay.get(code)) await move;
  }

  private async moveAlone(room: Mailbox, target: InstanceRecord): Promise<MoveOutcome> {
    const { self, bus, pins, index, clock, settled } = this.deps;
    const rules = `${room.head.game}@${room.head.rulesVersion}`;
    const answer = await bus.ask(
      bus.channels.instance(target.id),
      (request) => ({
        type: 'game_migration_request',
        room: room.code,
        to: target.id,
        from: self.id,
        rules,
        request,
        sent_at: clock.now(),
      }),
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
    const handover = room.handOver(target.id, formatHostPort(target), settled);
    this.unanswered.add(room.code);
    const sealed = { snapshot, alive_at: clock.now() };
    const handed = await this.handOver(room, sealed, handover, target);
    this.unanswered.delete(room.code);
    return this.finish(room, handover, target, handed);
  }

  /** Gives the room away until the target has answered for it, or it is taken back. */
  private async handOver(
    room: Mailbox,
    sealed: Sealed,
    handover: Handover,
    target: InstanceRecord,
  ): Promise<Exclude<Handed, 'given'>> {
    const { clock } = this.deps;
    let handed = await handover.give();
    const deadline = clock.monotonic() + SILENCE_MS;
    for (let waitMs = CONFIRM_MS; handed === 'given'; waitMs = Math.min(2 * waitMs, LONGEST_CONFIRM_MS)) {
      const accepted = await this.offer(room, sealed, handover, target, waitMs);
      if (accepted === true) return 'moved';
      const inVain = accepted === false || clock.monotonic() >= deadline || (await this.isGone(target));
      handed = await handover.settle(inVain);
    }
    return handed;
  }

  private async finish(
    room: Mailbox,
    { epoch }: Handover,
    target: InstanceRecord,
    handed: Exclude<Handed, 'given'>,
  ): Promise<MoveOutcome> {
    const { self, index, log, pins } = this.deps;
    switch (handed) {
      case 'moved':
        room.moved();
        log.info({ room: room.code, to: target.id, epoch }, 'room moved');
        break;
      case 'kept':
        log.warn({ room: room.code, target: target.id, epoch }, 'target has not adopted the room, taken back');
        await index.add(self.id, room.code).catch(() => undefined);
        room.unseal();
        pins.assigned(room.code);
        break;
      case 'lost':
        room.lose();
        await this.pinToOwner(room.code);
        break;
    }
    return handed;
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

  /** Whether the target plays the room now; false when it never will from this state, undefined when it does not say. */
  private async offer(
    room: Mailbox,
    sealed: Sealed,
    { epoch, tail }: Handover,
    target: InstanceRecord,
    waitMs: number,
  ): Promise<boolean | undefined> {
    const { self, bus, clock } = this.deps;
    const { code, head } = room;
    const told = { type: 'game_migration_data', room: code, from: self.id, epoch, head, ...sealed, tail } as const;
    const question = (request: string) => {
      const message = { ...told, sent_at: clock.now(), request };
      // A target that has not answered to the first may not hear what is published.
      if (waitMs > CONFIRM_MS) bus.send(target.id, message).catch(() => undefined);
      return message;
    };
    const answer = await bus.ask(bus.channels.instance(target.id), question, waitMs);
    return answer?.type === 'game_migration_answer' ? answer.accepted : undefined;
  }

  private async isGone(target: InstanceRecord): Promise<boolean> {
    const verdict = await this.deps.takeover.judge(target.id, formatHostPort(target)).catch(() => 'alive');
    return verdict === 'gone';
  }

  /** Somebody offers us a room. */
  offered({ from, rules = '', request, sent_at }: MessageOf<'game_migration_request'>): void {
    const { self, bus, clock } = this.deps;
    if (from === undefined) return;
    // Its way here took less than the consent may take, or nobody waits for the answer.
    if (sent_at !== undefined) this.ahead.set(from, clock.now() - sent_at);
    const accepted = self.hasSpace && self.rules.includes(rules);
    const reason = accepted ? {} : { reason: self.status === 'ready' ? 'no space, or unknown rules' : self.status };
    bus.publish(bus.channels.instance(from), { type: 'game_migration_answer', request, accepted, ...reason });
  }

  private async received(message: MessageOf<'game_migration_data'>): Promise<void> {
    const { bus, pins, ownership } = this.deps;
    const { room, request, from } = message;
    const accepted = await this.adopts(message);
    // By now it may have moved on, and is pinned where it went.
    if (accepted && ownership.here(room)) pins.assigned(room);
    bus.publish(bus.channels.instance(from), { type: 'game_migration_answer', request, accepted });
  }

  private async adopts(message: MessageOf<'game_migration_data'>): Promise<boolean> {
    const { ownership, clock } = this.deps;
    const { room, from, epoch, tail, sent_at, alive_at: aliveAt = sent_at } = message;
    if (epoch <= (this.refused.get(room) ?? 0)) return false;
    if (epoch <= (this.adopted.get(room) ?? 0)) return true;
    const handed = { head: message.head as RoomHead, epoch, snapshot: message.snapshot as StoredSnapshot, aliveAt };
    const fresh = clock.now() - (this.ahead.get(from) ?? 0) - sent_at <= DATA_MAX_AGE_MS;
    const accepted = fresh && (await ownership.adopt(tail ? { ...handed, tail } : handed));
    // Its owner goes by that: whatever of the message is still on its way changes nothing.
    remember(accepted ? this.adopted : this.refused, room, epoch);
    return accepted;
  }
}

function remember(answers: Map<RoomCode, Epoch>, room: RoomCode, epoch: Epoch): void {
  answers.delete(room);
  answers.set(room, epoch);
  for (const oldest of answers.keys()) {
    if (answers.size <= ANSWERED_MOST) break;
    answers.delete(oldest);
  }
}
