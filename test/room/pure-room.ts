/** A room without its shell: inputs in, events and effects out, every step evolved at once. */
import type { Seat } from '../../src/game/game.js';
import type { Hello } from '../../src/protocol/client-in.js';
import type { CommandId, Epoch, Seq } from '../../src/protocol/ids.js';
import { CommandWindows } from '../../src/room/commands.js';
import { History, type LogEntry, START } from '../../src/room/history.js';
import { nobodyPresent, type Presence } from '../../src/room/seats.js';
import { type Entry, emptyRoom, evolve, type LogEvent, type RoomHead, type RoomState } from '../../src/room/state.js';
import { type Effect, type Input, nextTick, type Room, type Step, step, wantsSeed } from '../../src/room/step.js';
import { seedOf } from '../game/matches.js';
import { type GivenCommand, game, hashOf, IDLE_MS, newHead } from './rooms.js';

/** Connections are opaque to a room: here they are names. */
export type Name = string;

export class PureRoom {
  state: RoomState = emptyRoom(4);
  presence: Presence;
  now = 1_000_000;
  readonly windows = new CommandWindows();
  readonly log: LogEntry[] = [];
  /** Everything since the last look. */
  events: LogEvent[] = [];
  effects: Effect<Name>[] = [];
  private ids = 0;
  private readonly tokens = new Map<Name, string>();

  constructor(readonly head: RoomHead) {
    this.presence = nobodyPresent(4, this.now);
  }

  get room(): Room {
    const { head, state, presence, windows } = this;
    return { game, head, state, presence, windows };
  }

  /** Steps through one input and whatever seeds the game asks for. */
  give(input: Input<Name>): this {
    this.events = [];
    this.effects = [];
    this.take(step(this.room, input, this.now, IDLE_MS));
    for (let seeds = 0; wantsSeed(this.room); seeds++) {
      this.take(step(this.room, { type: 'seed', seed: seedOf(`${this.log.length} ${seeds}`) }, this.now, IDLE_MS));
    }
    return this;
  }

  private take(taken: Step<Name>): void {
    this.presence = taken.presence;
    this.effects.push(...taken.effects);
    if (taken.outcome) this.windows.record(taken.outcome.seat, taken.outcome.id, taken.outcome.outcome);
    if (taken.events.length === 0) return;
    const entry: Entry = {
      v: 1,
      epoch: 1 as Epoch,
      at: this.now,
      salt: '',
      ...(taken.by ? { by: taken.by } : {}),
      events: taken.events,
    };
    const linked = History.link(this.log.at(-1) ?? START, entry);
    this.log.push(linked);
    this.events.push(...taken.events);
    this.windows.apply(entry, linked.seq, this.state);
    this.state = evolve(game, this.head, this.state, entry, linked.seq);
  }

  /** `name` says hello, with the token it was given before if there is one. */
  join(name: Name, hello: Partial<Hello> = {}): this {
    const token = this.tokens.get(name);
    const fresh = `token of ${name} ${this.log.length}`;
    this.give({
      type: 'hello',
      from: name,
      hello: { type: 'hello', v: 1, client_id: name, name, ...hello },
      fresh: { token: fresh, hash: hashOf(fresh) },
      ...(token === undefined ? {} : { presented: hashOf(token) }),
    });
    const admitted = this.effects.find((effect) => effect.type === 'admit');
    if (admitted?.type === 'admit' && admitted.token !== undefined) this.tokens.set(name, admitted.token);
    return this;
  }

  /** `name` forgets its token, as in a new browser. */
  forget(name: Name): this {
    this.tokens.delete(name);
    return this;
  }

  command(name: Name, command: GivenCommand, id = this.newId(name), turn?: Seq): this {
    return this.give({ type: 'command', from: name, holder: this.holder(name), id, command, turn });
  }

  newId(name: Name): CommandId {
    this.ids += 1;
    return `${this.ids}-${name}` as CommandId;
  }

  holder(name: Name): string {
    return hashOf(this.tokens.get(name) ?? `nothing of ${name}`);
  }

  gone(at: number | null): this {
    return this.give({ type: 'gone', seat: at as Seat | null });
  }

  /** Lets time pass; what is due happens when it is due, as with the mailbox's timer. */
  wait(ms: number): this {
    const end = this.now + ms;
    const events: LogEvent[] = [];
    for (let at = nextTick(this.room, IDLE_MS); at !== null && at <= end; at = nextTick(this.room, IDLE_MS)) {
      this.now = Math.max(this.now, at);
      const before = this.log.length;
      this.give({ type: 'tick' });
      if (this.log.length === before) throw new Error('a tick was due and did nothing');
      events.push(...this.events);
    }
    this.now = end;
    this.events = events;
    return this;
  }

  /** Until the next automatic thing has happened. */
  next(): this {
    const at = nextTick(this.room, IDLE_MS);
    if (at === null) throw new Error('nothing is due');
    return this.wait(Math.max(0, at - this.now));
  }

  /** The seat whose turn it is. */
  get turn(): Seat {
    const turn = game.turn(this.state.table);
    const [acting] = turn.waitsFor === 'seats' ? turn.seats : [];
    if (acting === undefined) throw new Error('nobody has to act');
    return acting;
  }

  /** The bot's choice for the seat to act. */
  get move(): GivenCommand {
    return game.bot(game.view(this.state.table, this.turn)) as GivenCommand;
  }

  get types(): string[] {
    return this.events.map((event) => event.type);
  }

  /** What the last input was answered, in short. */
  get answers(): string[] {
    return this.effects.map((effect) => this.short(effect));
  }

  get names(): (string | null)[] {
    return this.state.seats.map((occupant) => occupant?.name ?? null);
  }

  get seq(): Seq {
    return this.log.at(-1)?.seq ?? START.seq;
  }

  /** Until the match is over, by timers alone. */
  playOut(): this {
    for (let moves = 0; this.state.status === 'playing'; moves++) {
      if (moves > 1_000) throw new Error('the match does not end');
      this.next();
    }
    return this;
  }

  private short(effect: Effect<Name>): string {
    switch (effect.type) {
      case 'admit':
        return `admit ${effect.to} ${effect.seat ?? 'spectator'}`;
      case 'ack':
        return `ack ${effect.id} ${effect.seq ?? this.log.at(-1)?.seq}`;
      case 'refuse':
        return `refuse ${effect.to} ${effect.refusal.code}`;
      case 'say':
        return `say ${effect.seat} ${'phrase' in effect.talk ? effect.talk.phrase : effect.talk.text}`;
      case 'show':
        return `show ${effect.to}`;
      case 'presence':
        return 'presence';
      case 'unseat':
        return `unseat ${effect.seat} ${effect.code}`;
      case 'reseat':
        return `reseat ${effect.moves.map(({ from, to }) => `${from} ${to}`).join(', ')}`;
    }
  }
}

/** Who sits down, in this order. */
export const NAMES = ['Ana', 'Bo', 'Cy', 'Di'];
export const room = (settings = {}, options = {}) => new PureRoom(newHead('STEP0000', settings, options));
/** `humans` players at seats 0.. */
export const seated = (humans = 4, settings = {}, options = {}) =>
  NAMES.slice(0, humans).reduce((made, name) => made.join(name), room(settings, options));
export const playing = (humans = 4, settings = {}, options = {}) =>
  seated(humans, settings, options).command('Ana', { type: 'start', fill_with_bots: true });
export const nameAt = (seat: Seat) => NAMES[seat] ?? '';
