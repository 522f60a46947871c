/** Rooms for tests: heads, entries, connections that remember, and a mailbox on a clock that stands still. */
import { createHash } from 'node:crypto';
import type { ErrorCode } from '../../src/errors.js';
import type { Game, Seat } from '../../src/game/game.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import type { Hello } from '../../src/protocol/client-in.js';
import type { ClientOut, Cursor, ErrorFrame, Welcome } from '../../src/protocol/client-out.js';
import type { Frame } from '../../src/protocol/frame.js';
import type { CommandId, Epoch, InstanceId, RoomCode } from '../../src/protocol/ids.js';
import type { Connection } from '../../src/room/audience.js';
import type { CommandWindows } from '../../src/room/commands.js';
import { History, type LogEntry, type Position } from '../../src/room/history.js';
import type { Lease } from '../../src/room/lease.js';
import { loadRoom } from '../../src/room/load.js';
import { Mailbox, type MailboxDeps } from '../../src/room/mailbox.js';
import type { EndReason } from '../../src/room/phase.js';
import type { Entry, LogEvent, RoomHead, RoomSettings } from '../../src/room/state.js';
import type { RoomStore, StoredRoom } from '../../src/room/store.js';
import { createLogger } from '../../src/runtime/log.js';
import { seedOf } from '../game/matches.js';
import type { ManualClock } from '../support/manual-clock.js';

/** Cluster software knows games by their general type. */
export const game = hokm as unknown as Game;
export const TURN_MS = 10_000;
export const BOT_MS = 500;
export const HOLD_MS = 30_000;
export const IDLE_MS = 120_000;
export const log = createLogger('silent', {});

/** A command as clients send it: anything with a type. */
export interface GivenCommand {
  readonly type: string;
  readonly [field: string]: unknown;
}

export const seat = (number: number): Seat => number as Seat;

export function newHead(code: string, settings: Partial<RoomSettings> = {}, options: object = {}): RoomHead {
  return {
    code: code as RoomCode,
    game: hokm.id,
    rulesVersion: hokm.rulesVersion,
    options: hokm.optionsSchema.parse({ target_points: 1, ...options }),
    settings: { durability: 'primary', turn_ms: TURN_MS, bot_ms: BOT_MS, hold_ms: HOLD_MS, ...settings },
    createdAt: 1,
  };
}

export const instance = (name: string): InstanceId => name as InstanceId;

/** Entries that follow `after`, one for each list of events. */
export function entries(after: Position, epoch: number, ...steps: readonly LogEvent[][]): LogEntry[] {
  const made: LogEntry[] = [];
  for (const [at, events] of steps.entries()) {
    const entry: Entry = { v: 1, epoch: epoch as Epoch, at: 1_000 + at, salt: `${after.seq + at}`, events };
    made.push(History.link(made.at(-1) ?? after, entry));
  }
  return made;
}

export const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/** A socket that remembers every frame. */
export class TestConnection implements Connection {
  readonly frames: ClientOut[] = [];
  readonly texts: string[] = [];
  /** With which code it was closed; `moving` when it was asked to follow. */
  closed: ErrorCode | 'moving' | undefined;

  constructor(readonly clientId = 'client-1') {}

  send({ text }: Frame): void {
    if (this.closed !== undefined && this.closed !== 'moving') return;
    this.texts.push(text);
    this.frames.push(JSON.parse(text));
    this.heard(this.frames.at(-1) as ClientOut);
  }

  close(code: ErrorCode): void {
    this.closed ??= code;
  }

  moved(): void {
    this.closed ??= 'MOVED';
  }

  /** The frames of one type, in order. */
  of<Type extends ClientOut['type']>(type: Type): Extract<ClientOut, { type: Type }>[] {
    return this.frames.filter((frame) => frame.type === type) as Extract<ClientOut, { type: Type }>[];
  }

  protected heard(_frame: ClientOut): void {}
}

/** A player at a mailbox: holds a token, counts commands. */
export class Player extends TestConnection {
  token: string | undefined;
  private counter = 0;

  constructor(
    private readonly mailbox: () => Mailbox,
    readonly name: string,
  ) {
    super(`client-of-${name}`);
  }

  /** The SHA-256 of the token, as the edge gives it to the room. */
  get holder(): string {
    return hashOf(this.token ?? `none of ${this.name}`);
  }

  /** `receivedAt`: monotonic ms; now if it is not said. */
  hello(hello: Partial<Hello> = {}, fresh = `token of ${this.name} ${this.frames.length}`, receivedAt?: number): void {
    const input = {
      type: 'hello',
      from: this,
      hello: { type: 'hello', v: 1, client_id: this.clientId, name: this.name, ...hello },
      fresh: { token: fresh, hash: hashOf(fresh) },
      ...(this.token === undefined ? {} : { presented: hashOf(this.token) }),
    } as const;
    this.mailbox().post(input, receivedAt);
  }

  /** Gives a command and returns its id. */
  command(command: GivenCommand, id?: CommandId): CommandId {
    this.counter += 1;
    const given = id ?? (`${this.counter}-${this.name}` as CommandId);
    this.mailbox().post({ type: 'command', from: this, holder: this.holder, id: given, command });
    return given;
  }

  get welcome(): Welcome | undefined {
    return this.of('welcome').at(-1);
  }

  /** Where the last answer to `id` says that it stands: the seq, or the code of the refusal. */
  answer(id: CommandId): number | string | undefined {
    return this.answers(id).at(-1);
  }

  answers(id: CommandId): (number | string)[] {
    return this.frames.flatMap((frame): (number | string)[] => {
      if (frame.type === 'ack' && frame.id === id) return [frame.seq];
      return frame.type === 'error' && (frame as ErrorFrame).id === id ? [frame.code] : [];
    });
  }

  protected override heard(frame: ClientOut): void {
    if (frame.type === 'welcome') this.token = frame.token ?? this.token;
  }
}

/** A lease that a test makes stale and fresh again. */
export class ManualLease implements Lease {
  generation = 1;
  private isFresh = true;
  private waiters: (() => void)[] = [];

  fresh(): boolean {
    return this.isFresh;
  }

  holds(): boolean {
    return this.isFresh;
  }

  whenFresh(): Promise<void> {
    if (this.isFresh) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  stale(): void {
    this.isFresh = false;
  }

  renewed(): void {
    this.isFresh = true;
    this.generation += 1;
    for (const resolve of this.waiters.splice(0)) resolve();
  }
}

export interface OpenedRoom {
  readonly mailbox: Mailbox;
  readonly ends: EndReason[];
  readonly lease: ManualLease;
}

export type RoomChanges = Partial<MailboxDeps> & { readonly game?: Game; readonly windows?: CommandWindows };

/** Claims the room and plays it, as an instance does; it is created when there is none. */
export async function openRoom(
  store: RoomStore,
  clock: ManualClock,
  head: RoomHead,
  name = 'instance-a',
  changes: RoomChanges = {},
): Promise<OpenedRoom> {
  await store.create(head, 60_000);
  const meta = await store.meta(head.code);
  if (meta === null) throw new Error('the room is not there');
  const claim = await store.claim(head.code, meta, instance(name), `${name}:1`);
  if (claim.outcome !== 'ok') throw new Error(`not claimed: ${claim.outcome}`);
  return playRoom(store, clock, claim.room, name, changes);
}

/** Plays a room as it was claimed. */
export function playRoom(
  store: RoomStore,
  clock: ManualClock,
  room: StoredRoom,
  name: string,
  changes: RoomChanges = {},
): OpenedRoom {
  const { epoch, head, aliveAt } = room.meta;
  const ends: EndReason[] = [];
  const lease = new ManualLease();
  let seeds = 0;
  const { game: played = game, windows, ...deps } = changes;
  const loaded = loadRoom(played, room);
  const mailbox = new Mailbox(
    {
      store,
      clock,
      log,
      lease,
      whenRestored: () => undefined,
      newSeed: () => seedOf(`${name} ${epoch} ${seeds++}`),
      address: () => `${name}:1`,
      idleMs: IDLE_MS,
      logKeep: 100_000,
      closedTtlMs: 60_000,
      onEnd: (_, reason) => ends.push(reason),
      ...deps,
    },
    played,
    head,
    { owner: instance(name), epoch },
    { ...loaded, windows: windows ?? loaded.windows },
    aliveAt,
  );
  return { mailbox, ends, lease };
}

export const cursorOf = ({ epoch, seq, digest }: Cursor): Cursor => ({ epoch, seq, digest });
