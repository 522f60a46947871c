/**
 * A good history without a cluster: four scripted clients at one room that is played from a store in memory, and that
 * changes its owner now and then.
 */
import { createHash } from 'node:crypto';
import type { SocketLike } from '../../src/client/socket.js';
import { newInstanceId } from '../../src/cluster/new-ids.js';
import type { ErrorCode } from '../../src/errors.js';
import type { Game, Seat } from '../../src/game/game.js';
import { hokm } from '../../src/game/hokm/hokm.js';
import { parseClientFrame } from '../../src/protocol/client-in.js';
import type { Frame } from '../../src/protocol/frame.js';
import type { Epoch, RoomCode, Seq } from '../../src/protocol/ids.js';
import type { Connection } from '../../src/room/audience.js';
import { loadRoom } from '../../src/room/load.js';
import { Mailbox } from '../../src/room/mailbox.js';
import { MemoryRoomStore } from '../../src/room/memory-store.js';
import type { Entry, RoomHead } from '../../src/room/state.js';
import { projectEntry } from '../../src/room/view.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { createLogger } from '../../src/runtime/log.js';
import { randomHex } from '../../src/runtime/random.js';
import { until } from '../support/programs.js';
import type { RoomEvidence } from './evidence.js';
import { RoomHistory } from './history.js';
import { Player } from './player.js';

const game = hokm as unknown as Game;
const CODE = 'CHA0S000' as RoomCode;
const HEAD: RoomHead = {
  code: CODE,
  game: 'hokm',
  rulesVersion: game.rulesVersion,
  options: game.optionsSchema.parse({ target_points: 2 }),
  settings: { durability: 'primary', turn_ms: 20_000, bot_ms: 700, hold_ms: 60_000 },
  createdAt: 1,
};
const hash = (token: string) => createHash('sha256').update(token).digest('hex');

/** The client's end and the room's end of one socket, without a network between them. */
class Wire implements SocketLike, Connection {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  onerror: SocketLike['onerror'] = null;
  clientId = '';
  private holder = '';
  private ended = false;

  constructor(private readonly room: () => Mailbox) {
    queueMicrotask(() => this.onopen?.());
  }

  /** From the room, or from the client: told apart by what it is. */
  send(message: string | Frame): void {
    const text = typeof message === 'string' ? message : message.text;
    const frame = parseClientFrame(text);
    if (!frame.ok) {
      queueMicrotask(() => this.onmessage?.({ data: text }));
    } else if (frame.value.type === 'hello') {
      const hello = frame.value;
      const token = randomHex(18);
      this.clientId = hello.client_id;
      this.holder = hash(hello.token ?? token);
      const presented = hello.token === undefined ? {} : { presented: this.holder };
      this.room().post({ type: 'hello', from: this, hello, fresh: { token, hash: hash(token) }, ...presented });
    } else if (frame.value.type === 'command') {
      const { id, command } = frame.value;
      this.room().post({ type: 'command', from: this, holder: this.holder, id, command });
    }
  }

  close(code?: number | ErrorCode): void {
    if (this.ended) return;
    this.ended = true;
    queueMicrotask(() => this.onclose?.({ code: typeof code === 'number' ? code : 1012, reason: '' }));
  }

  moved(): void {
    this.close();
  }
}

/** Plays until the log has `entries` entries, with three owners one after the other. */
export async function recordGame(entries: number): Promise<RoomEvidence> {
  const clock = new SystemClock();
  const store = new MemoryRoomStore(() => clock.now());
  await store.create(HEAD, 60_000);
  let mailbox = await own(store, clock);
  const history = new RoomHistory(CODE);
  const players = [0, 1, 2, 3].map((at) => {
    const seat = at as Seat;
    const openSocket = () => new Wire(() => mailbox);
    const options = { url: 'ws://memory/ws', room: CODE, seat, seatDelayMs: 0, history: history.client(seat) };
    return new Player({ ...options, openSocket });
  });
  for (const part of [1 / 3, 2 / 3]) {
    await until('a part is played', () => mailbox.position.seq >= entries * part);
    await mailbox.release(60_000);
    mailbox = await own(store, clock);
  }
  await until('the game is played', () => mailbox.position.seq >= entries);
  for (const player of players) player.rest();
  const atEnd = ({ state }: Player) => state.pending === 0 && state.cursor?.digest === mailbox.position.digest;
  await until('all have seen the end', () => players.every(atEnd));
  for (const player of players) player.noteView();
  const ends = players.map(({ cursor }) => cursor);
  await mailbox.release(60_000);
  for (const player of players) player.close();

  const log = await store.read(CODE, 0 as Seq, Number.MAX_SAFE_INTEGER);
  const meta = await store.meta(CODE);
  if (!meta) throw new Error('the room is gone');
  const published = log.map(({ seq, text }) => {
    const entry = JSON.parse(text) as Entry;
    return { seq, at: entry.at, epoch: entry.epoch, events: projectEntry(game, HEAD, entry, 'spectator') };
  });
  const clients = history.clients.map((client, at) => client.evidence(ends[at] ?? null));
  const { epoch, seq, digest } = meta;
  return { code: CODE, head: HEAD, meta: { epoch, seq, digest }, log, published, clients };
}

async function own(store: MemoryRoomStore, clock: SystemClock): Promise<Mailbox> {
  const seen = await store.meta(CODE);
  const owner = newInstanceId();
  const reply = seen && (await store.claim(CODE, seen, owner, 'memory:1'));
  if (reply?.outcome !== 'ok') throw new Error('the claim was refused');
  const { epoch } = reply.room.meta;
  const lease = { fresh: () => true, holds: () => true, generation: 0, whenFresh: () => Promise.resolve() };
  const deps = {
    store,
    clock,
    lease,
    log: createLogger('silent', {}),
    whenRestored: () => undefined,
    newSeed: () => randomHex(32),
    address: () => 'memory:1',
    idleMs: 600_000,
    logKeep: 1_000_000,
    closedTtlMs: 60_000,
    onEnd: () => undefined,
  };
  return new Mailbox(deps, game, HEAD, { owner, epoch: epoch as Epoch }, loadRoom(game, reply.room), clock.now() - 5);
}
