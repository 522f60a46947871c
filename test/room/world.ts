/** A whole room with clients that come, go and play as random actions say, and everything that must hold of it. */

import type { Seat } from '../../src/game/game.js';
import type { View } from '../../src/game/hokm/view.js';
import { isRoomCommand } from '../../src/protocol/client-in.js';
import type { StoredWindows } from '../../src/room/commands.js';
import type { LogEntry } from '../../src/room/history.js';
import { loadRoom } from '../../src/room/load.js';
import { isRoomEvent, type RoomHead } from '../../src/room/state.js';
import type { RoomMeta, StoredSnapshot } from '../../src/room/store.js';
import { ManualClock } from '../support/manual-clock.js';
import { type Action, CLIENTS } from './actions.js';
import { Client } from './client.js';
import { type GivenCommand, game, hashOf, newHead, type OpenedRoom, openRoom } from './rooms.js';
import { type Fault, failAfter, failBefore, ScriptedStore } from './scripted-store.js';
import { hidesSecrets, seesOneHand } from './secrets.js';
import { asJson, equal, must } from './sure.js';

export class World {
  private readonly clock = new ManualClock();
  private readonly store = new ScriptedStore(this.clock);
  private readonly clients = Array.from({ length: CLIENTS }, (_, at) => new Client(`p${at}`));
  private readonly hashes = new Set<string>();
  private owners = 0;
  private claimedAt = 0;
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
        if (client && sent) this.command(client, sent.command, sent.id, sent.turn);
        break;
      }
      case 'withhold': {
        const { acting } = this;
        const command = acting?.view && (game.legal(acting.view.table).at(-1) as GivenCommand | undefined);
        if (acting && command) {
          const given = { id: acting.nextId(), command, turn: acting.turn };
          acting.sent.push(given);
          acting.late.push(given);
        }
        break;
      }
      case 'deliver':
        for (const each of this.clients) {
          for (const { id, command, turn } of each.late.splice(0)) this.command(each, command, id, turn);
        }
        break;
      case 'say':
        if (client?.connected && client.socket) {
          this.mailbox.post({
            type: 'say',
            from: client.socket,
            holder: client.holder,
            talk: { phrase: action.phrase },
          });
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
        // A claim is confirmed by a copy, and so is all before it.
        await this.store.rollBack(this.head.code, Math.max(this.claimedAt, this.mailbox.position.seq - action.entries));
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
    const live = this.mailbox.over ? undefined : await this.sealed();
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
    this.replays(log, meta, live);
    this.happenedOnce(log);
    this.happenedInTime(log);
    hidesSecrets(
      this.head,
      log,
      this.clients.flatMap(({ shown }) => shown),
      this.hashes,
    );
    for (const { shown } of this.clients) seesOneHand(this.head, log, shown);
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
    this.claimedAt = this.mailbox.position.seq;
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

  private command(
    client: Client,
    command: GivenCommand,
    id = client.nextId(),
    turn = isRoomCommand(command.type) ? undefined : client.turn,
  ): void {
    if (!client.connected || !client.socket) return;
    client.sent.push({ id, command, turn });
    this.mailbox.post({ type: 'command', from: client.socket, holder: client.holder, id, command, turn });
  }

  /** One move of whoever has to: by a player who is there, else by the clock. */
  private async move(): Promise<void> {
    if (this.mailbox.status !== 'playing') return;
    const { acting } = this;
    if (acting?.view) this.command(acting, game.bot(acting.view.table) as GivenCommand);
    else await this.clock.advance(10_000);
    await this.clock.advance(200);
  }

  private get acting(): Client | undefined {
    if (this.mailbox.over || this.mailbox.status !== 'playing') return undefined;
    return this.clients.find((client) => {
      const view = client.view?.table as View | undefined;
      const { seat } = client;
      if (!client.connected || seat === null || client.view?.seats[seat]?.waits) return false;
      return view?.table.turn === seat;
    });
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

  private replays(log: readonly LogEntry[], meta: RoomMeta, live: StoredSnapshot | undefined): void {
    const tail = log.map(({ seq, text }) => ({ seq, text }));
    const whole = loadRoom(game, { meta, snapshot: null, tail });
    if (live) {
      equal(asJson(whole.state), stateOf(live), 'the log replays to the room');
      equal(effects(whole.windows.stored()), effects(live.windows), 'the log replays to the windows');
    }
    for (const snapshot of new Set<StoredSnapshot>(this.store.snapshots)) {
      const after = tail.filter(({ seq }) => seq > snapshot.seq);
      const loaded = loadRoom(game, { meta, snapshot, tail: after });
      equal(asJson(loaded.state), asJson(whole.state), `the room from the snapshot at ${snapshot.seq}`);
      equal(effects(loaded.windows.stored()), effects(whole.windows.stored()), 'the windows from a snapshot');
    }
  }

  /** A move has taken effect in the turn that it was meant for: nothing of the game has happened in between. */
  private happenedInTime(log: readonly LogEntry[]): void {
    const moves = ({ entry }: LogEntry) =>
      entry.events.some((event) => !isRoomEvent(event) || event.type === 'match_started');
    const meant = new Map(this.clients.flatMap(({ sent }) => sent.map(({ id, turn }) => [id, turn] as const)));
    for (const { seq, entry } of log) {
      const turn = entry.by && meant.get(entry.by.id);
      if (turn === undefined) continue;
      equal(log.slice(0, seq - 1).findLast(moves)?.seq, turn, `${entry.by?.id} in its turn`);
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
}

/** A stored room's state as it is in memory. */
const stateOf = ({ state, turns, deal, lapsed }: StoredSnapshot): unknown =>
  asJson({ ...state, turns, ...deal, lapsed });

/** What a log tells of windows: commands with effect. Refusals are known to the instance that refused, and its snapshots. */
function effects(windows: StoredWindows): unknown {
  return windows
    .map(({ seat, ids, outcomes }) => ({
      seat,
      effects: ids.flatMap((id, at) => (typeof outcomes[at] === 'number' ? [[id, outcomes[at]]] : [])),
    }))
    .filter(({ effects }) => effects.length > 0)
    .toSorted((a, b) => a.seat - b.seat);
}
