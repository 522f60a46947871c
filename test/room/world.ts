/** A whole room with clients that come, go and play as random actions say, and everything that must hold of it. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { foldEvent } from '../../src/client/fold.js';
import { type Card, DECK } from '../../src/game/cards.js';
import type { Seat, Viewer } from '../../src/game/game.js';
import type { State } from '../../src/game/hokm/rules.js';
import type { View } from '../../src/game/hokm/view.js';
import type { Phrase } from '../../src/protocol/client-in.js';
import type { ClientOut, Cursor, EventFrame, RoomView } from '../../src/protocol/client-out.js';
import type { CommandId } from '../../src/protocol/ids.js';
import type { StoredWindows } from '../../src/room/commands.js';
import type { LogEntry } from '../../src/room/history.js';
import { loadRoom } from '../../src/room/load.js';
import { emptyRoom, evolve, type RoomHead, type RoomState } from '../../src/room/state.js';
import type { RoomMeta, StoredSnapshot } from '../../src/room/store.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  cursorOf,
  type GivenCommand,
  game,
  hashOf,
  newHead,
  type OpenedRoom,
  openRoom,
  TestConnection,
} from './rooms.js';
import { type Fault, failAfter, failBefore, ScriptedStore } from './scripted-store.js';

const CLIENTS = 6;

export type Action =
  | {
      readonly do: 'join';
      readonly who: number;
      readonly spectate: boolean;
      readonly seat?: number;
      readonly resume: boolean;
    }
  | { readonly do: 'drop'; readonly who: number }
  | { readonly do: 'start'; readonly who: number }
  | { readonly do: 'play'; readonly moves: number }
  | { readonly do: 'try'; readonly who: number; readonly command: GivenCommand }
  | { readonly do: 'resend'; readonly who: number; readonly which: number }
  | { readonly do: 'say'; readonly who: number; readonly phrase: Phrase }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'thaw'; readonly ms: number }
  | { readonly do: 'doubt' }
  | { readonly do: 'unanswered'; readonly landed: readonly boolean[] }
  | { readonly do: 'roll back'; readonly entries: number }
  | { readonly do: 'take over' };

const who = fc.nat({ max: CLIENTS - 1 });
const anySeat = fc.nat({ max: 4 });
const anyCommand: fc.Arbitrary<GivenCommand> = fc.oneof(
  fc.record({ type: fc.constantFrom('choose_seat', 'choose_seat', 'kick', 'add_bot'), seat: anySeat }),
  fc.record({ type: fc.constant('leave') }),
  fc.record({ type: fc.constant('play'), card: fc.constantFrom<unknown>(...DECK, 'XX', 7) }),
  fc.record({ type: fc.constant('name_trump'), trump: fc.constantFrom('S', 'H', 'naras') }),
  fc.record({ type: fc.constantFrom('redeal', 'start', '__proto__', 'match_started') }),
);

export const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        do: fc.constant('join' as const),
        who,
        spectate: fc.boolean(),
        seat: anySeat,
        resume: fc.boolean(),
      },
      { requiredKeys: ['do', 'who', 'spectate', 'resume'] },
    ),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('start' as const), who }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('play' as const), moves: fc.integer({ min: 1, max: 24 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('try' as const), who, command: anyCommand }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resend' as const), who, which: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('say' as const), who, phrase: fc.constant('hello' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 700, 11_000, 35_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('thaw' as const), ms: fc.constantFrom(-1, 0.2, 1, 2_500) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('doubt' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('unanswered' as const),
      landed: fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('roll back' as const), entries: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take over' as const) }) },
);

class Socket extends TestConnection {
  constructor(
    clientId: string,
    private readonly hear: (frame: ClientOut, text: string) => void,
  ) {
    super(clientId);
  }

  protected override heard(frame: ClientOut): void {
    this.hear(frame, this.texts.at(-1) ?? '');
  }
}

/** A frame and who it was for. */
interface Shown {
  readonly viewer: Viewer;
  readonly frame: ClientOut;
  readonly text: string;
}

/** Does what the client library does: keeps a view by folding events, and a cursor. */
class Client {
  socket: Socket | undefined;
  token: string | undefined;
  view: RoomView | undefined;
  cursor: Cursor | undefined;
  seat: Seat | null = null;
  readonly shown: Shown[] = [];
  readonly sent: { readonly id: CommandId; readonly command: GivenCommand }[] = [];

  constructor(private readonly name: string) {}

  get connected(): boolean {
    return this.socket !== undefined && this.socket.closed === undefined;
  }

  get holder(): string {
    return hashOf(this.token ?? `none of ${this.name}`);
  }

  connect(): Socket {
    this.socket = new Socket(`client-of-${this.name}`, (frame, text) => this.hear(frame, text));
    return this.socket;
  }

  nextId(): CommandId {
    return `${this.sent.length + 1}-${this.name}` as CommandId;
  }

  private hear(frame: ClientOut, text: string): void {
    switch (frame.type) {
      case 'welcome':
        this.token = frame.token ?? this.token;
        this.seat = frame.seat;
        if (frame.view) this.jump(frame, frame.view);
        else if (!frame.resumed || !this.cursor || this.cursor.seq > frame.seq) throw new Error('resumed from nowhere');
        break;
      case 'snapshot':
        this.seat = frame.view.seat;
        this.jump(frame, frame.view);
        break;
      case 'event':
        this.follow(frame);
        break;
      default:
        break;
    }
    this.shown.push({ viewer: this.seat ?? 'spectator', frame, text });
  }

  private jump(frame: Cursor, view: RoomView): void {
    this.cursor = cursorOf(frame);
    this.view = view;
  }

  private follow(frame: EventFrame): void {
    const { view, cursor } = this;
    if (!view || frame.seq !== (cursor?.seq ?? 0) + 1) throw new Error(`${frame.seq} after ${cursor?.seq}`);
    this.cursor = cursorOf(frame);
    this.view = frame.events.reduce(foldEvent, view);
  }
}

export class World {
  private readonly clock = new ManualClock();
  private readonly store = new ScriptedStore(this.clock);
  private readonly clients = Array.from({ length: CLIENTS }, (_, at) => new Client(`p${at}`));
  private readonly hashes = new Set<string>();
  private owners = 0;
  private joins = 0;

  private constructor(
    private readonly head: RoomHead,
    private opened?: OpenedRoom,
  ) {}

  static async open(targetPoints: number): Promise<World> {
    const world = new World(newHead('W0RLD000', {}, { target_points: targetPoints, redeal_right: true }));
    await world.takeOver();
    return world;
  }

  async act(action: Action): Promise<void> {
    if (this.mailbox.over) return;
    const client = 'who' in action ? this.clients[action.who] : undefined;
    switch (action.do) {
      case 'join':
        if (client) this.join(client, action);
        break;
      case 'drop':
        if (client) this.drop(client);
        break;
      case 'start':
        if (client) this.command(client, { type: 'start', fill_with_bots: true });
        break;
      case 'play':
        for (let moves = 0; moves < action.moves; moves++) await this.move();
        break;
      case 'try':
        if (client) this.command(client, action.command);
        break;
      case 'resend': {
        const sent = client?.sent[client.sent.length - 1 - action.which];
        if (client && sent) this.command(client, sent.command, sent.id);
        break;
      }
      case 'say':
        if (client?.connected && client.socket) {
          this.mailbox.post({ type: 'say', from: client.socket, holder: client.holder, phrase: action.phrase });
        }
        break;
      case 'wait':
        await this.clock.advance(action.ms);
        break;
      case 'thaw':
        this.mailbox.post({ type: 'thaw', forMs: action.ms });
        break;
      case 'doubt':
        this.room.lease.stale();
        this.mailbox.wake();
        await this.clock.advance(1_000);
        this.room.lease.renewed();
        break;
      case 'unanswered':
        this.store.script.commit.push(...action.landed.map((landed): Fault => (landed ? failAfter : failBefore)));
        break;
      case 'roll back':
        await this.clock.advance(200);
        if (this.mailbox.over) return;
        await this.store.rollBack(this.head.code, Math.max(0, this.mailbox.position.seq - action.entries));
        await this.sealed();
        this.mailbox.unseal();
        break;
      case 'take over':
        await this.clock.advance(200);
        if (!this.mailbox.over) await this.takeOver();
        break;
    }
    // Long enough for every attempt of a commit.
    await this.clock.advance(200);
    this.looksRight();
  }

  /** All that must hold of the whole story. */
  async holds(): Promise<void> {
    const log = await this.store.log(this.head.code);
    const meta = await this.store.inner.meta(this.head.code);
    must(meta !== null, 'the room is stored');
    if (meta === null) return;
    equal(
      log.map(({ seq }) => seq),
      log.map((_, at) => at + 1),
      'seqs are contiguous',
    );
    equal(
      { seq: log.at(-1)?.seq ?? 0, digest: log.at(-1)?.digest ?? meta.digest },
      { seq: meta.seq, digest: meta.digest },
      'end',
    );
    await this.replays(log, meta);
    this.happenedOnce(log);
    this.hidesSecrets(log);
  }

  private get room(): OpenedRoom {
    if (!this.opened) throw new Error('nobody plays the room');
    return this.opened;
  }

  private get mailbox() {
    return this.room.mailbox;
  }

  /** The room as it is, with all of it in the store; unanswered attempts need the clock to go on. */
  private async sealed(): Promise<StoredSnapshot | undefined> {
    const sealing = this.mailbox.seal();
    await this.clock.advance(1_000);
    return sealing;
  }

  private async takeOver(): Promise<void> {
    const before = this.opened;
    this.opened = await openRoom(this.store, this.clock, this.head, `instance-${this.owners++}`);
    if (!before) return;
    // The old owner wakes up and wants to play on.
    const sent = this.clients.map((client) => client.shown.length);
    before.mailbox.post({ type: 'thaw', forMs: 5 });
    before.lease.renewed();
    before.mailbox.wake();
    await this.clock.advance(500);
    equal(before.ends, ['lost'], 'the old owner has dropped the room');
    const told = this.clients.flatMap((client, at) => client.shown.slice(sent[at]).map(({ frame }) => frame.type));
    equal(
      told.filter((type) => type !== 'notice'),
      [],
      'the old owner says nothing',
    );
  }

  private join(client: Client, { spectate, seat, resume }: Extract<Action, { do: 'join' }>): void {
    const before = client.socket;
    const fresh = `token ${this.joins++}`;
    this.hashes.add(hashOf(fresh));
    // A client keeps its cursor for the seat it had; a spectator for nobody's.
    const cursor =
      resume && client.view && (client.token !== undefined) === (client.seat !== null) ? client.cursor : undefined;
    this.mailbox.post({
      type: 'hello',
      from: client.connect(),
      hello: {
        type: 'hello',
        v: 1,
        client_id: client.socket?.clientId ?? '',
        name: 'Sara',
        ...(seat === undefined ? {} : { seat: seat as Seat }),
        ...(spectate ? { spectate } : {}),
        ...(cursor ? { resume: cursor } : {}),
      },
      fresh: { token: fresh, hash: hashOf(fresh) },
      ...(client.token === undefined ? {} : { presented: client.holder }),
    });
    if (before) this.mailbox.detach(before);
  }

  private drop({ socket }: Client): void {
    if (!socket) return;
    socket.close('INTERNAL');
    this.mailbox.detach(socket);
  }

  private command(client: Client, command: GivenCommand, id = client.nextId()): void {
    if (!client.connected || !client.socket) return;
    client.sent.push({ id, command });
    this.mailbox.post({ type: 'command', from: client.socket, holder: client.holder, id, command });
  }

  /** One move of whoever has to: by a player who is there, else by the clock. */
  private async move(): Promise<void> {
    if (this.mailbox.status !== 'playing') return;
    const acting = this.clients.find((client) => {
      const view = client.view?.table as View | undefined;
      return client.connected && client.seat !== null && view?.table.turn === client.seat;
    });
    if (acting?.view) this.command(acting, game.bot(acting.view.table) as GivenCommand);
    else await this.clock.advance(10_000);
    await this.clock.advance(200);
  }

  /** Every client that is connected knows what the room would tell it afresh. */
  private looksRight(): void {
    const { position } = this.mailbox;
    for (const { connected, socket, seat, view, cursor } of this.clients) {
      const at = socket && this.mailbox.seatAt(socket);
      if (!connected || at === undefined) continue;
      equal(seat, at, 'the client knows its seat');
      equal([cursor?.seq, cursor?.digest], [position.seq, position.digest], 'the client knows the position');
      equal(view, asJson(this.mailbox.view(at ?? 'spectator')), 'the folded view is the view');
    }
  }

  private async replays(log: readonly LogEntry[], meta: RoomMeta): Promise<void> {
    const tail = log.map(({ seq, text }) => ({ seq, text }));
    const whole = loadRoom(game, { meta, snapshot: null, tail });
    const live = this.mailbox.over ? undefined : await this.sealed();
    if (live) {
      equal(asJson(whole.state), asJson(live.state), 'the log replays to the room');
      equal(effects(whole.windows.stored()), effects(live.windows), 'the log replays to the windows');
    }
    for (const snapshot of new Set<StoredSnapshot>(this.store.snapshots)) {
      const after = tail.filter(({ seq }) => seq > snapshot.seq);
      const loaded = loadRoom(game, { meta, snapshot, tail: after });
      equal(asJson(loaded.state), asJson(whole.state), `the room from the snapshot at ${snapshot.seq}`);
      equal(effects(loaded.windows.stored()), effects(whole.windows.stored()), 'the windows from a snapshot');
    }
  }

  private happenedOnce(log: readonly LogEntry[]): void {
    const ids = log.flatMap(({ entry }) => (entry.by ? [entry.by.id] : []));
    equal(ids.length, new Set(ids).size, 'a command is in the log once');
    for (const { shown } of this.clients) {
      for (const { frame } of shown) {
        if (frame.type === 'ack') equal(log[frame.seq - 1]?.entry.by?.id, frame.id, `${frame.id} is in the log`);
        if (frame.type === 'event') equal(log[frame.seq - 1]?.digest, frame.digest, `event ${frame.seq} is in the log`);
      }
    }
  }

  private hidesSecrets(log: readonly LogEntry[]): void {
    const states = statesOf(this.head, log);
    const secret = [...this.hashes, ...log.map(({ entry }) => entry.salt)];
    for (const { viewer, frame, text } of this.clients.flatMap(({ shown }) => shown)) {
      for (const word of secret) must(!text.includes(word), `a hash or a salt in ${text}`);
      if (frame.type === 'event') this.hidesInEvent(viewer, frame, log, states);
      else if (frame.type === 'welcome' || frame.type === 'snapshot') {
        const table = tableOf(states[frame.seq]);
        must(table?.seed == null || !text.includes(table.seed), 'a seed before its time');
        if (frame.view) conceals(withoutLastHand(frame.view), table, viewer);
        conceals(frame.legal, table, viewer);
      } else {
        must(!/"[2-9TJQKA][SHCD]"/.test(text), `a card in ${text}`);
      }
    }
  }

  private hidesInEvent(
    viewer: Viewer,
    frame: EventFrame,
    log: readonly LogEntry[],
    states: readonly RoomState[],
  ): void {
    const entry = log[frame.seq - 1]?.entry;
    let state = states[frame.seq - 1];
    if (!entry || !state) throw new Error('an event of no entry');
    equal(frame.events.length, entry.events.length, 'Hokm hides no event wholly');
    for (const [at, event] of entry.events.entries()) {
      state = evolve(game, this.head, state, { ...entry, events: [event] });
      const table = tableOf(state);
      const shown = frame.events[at];
      conceals(shown, table, viewer);
      must(table?.seed == null || !JSON.stringify(shown).includes(table.seed), 'a seed before its time');
    }
    conceals(frame.legal, tableOf(state), viewer);
  }
}

/** The room after each entry, the empty one first. */
function statesOf(head: RoomHead, log: readonly LogEntry[]): readonly RoomState[] {
  const states = [emptyRoom(4)];
  for (const { entry } of log) states.push(evolve(game, head, states.at(-1) ?? emptyRoom(4), entry));
  return states;
}

const tableOf = (state: RoomState | undefined) => (state?.table ?? undefined) as State | undefined;
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The hand before this one lies open, with cards of the same names. */
function withoutLastHand(view: RoomView): unknown {
  const table = view.table as View | null;
  return table === null ? view : { ...view, table: { ...table, table: { ...table.table, last_hand: null } } };
}

/** Nothing in `shown` names a card of this hand that `viewer` neither holds nor has seen. */
function conceals(shown: unknown, table: State | undefined, viewer: Viewer): void {
  if (table?.seed == null || shown === undefined) return;
  const known = new Set<Card>([...table.table.played, ...(viewer === 'spectator' ? [] : (table.hands[viewer] ?? []))]);
  const text = JSON.stringify(shown);
  for (const card of DECK) must(known.has(card) || !text.includes(`"${card}"`), `${viewer} sees ${card}: ${text}`);
}

/** What a log tells of windows: commands with effect. Refusals are known to the instance that refused, and its snapshots. */
function effects(windows: StoredWindows): unknown {
  return windows
    .map(({ seat, outcomes }) => ({ seat, outcomes: outcomes.filter(([, outcome]) => 'seq' in outcome) }))
    .filter(({ outcomes }) => outcomes.length > 0)
    .toSorted((a, b) => a.seat - b.seat);
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
}

function equal(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`not so: ${what}\n  is     ${JSON.stringify(actual)}\n  not as ${JSON.stringify(expected)}`);
  }
}
