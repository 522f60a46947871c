/** Whole games with every byte that came to every socket held against what its reader may know. */
import { createHash } from 'node:crypto';
import type { Seat, Viewer } from '../../../src/game/game.js';
import type { RoomCode, Seq } from '../../../src/protocol/ids.js';
import type { Entry } from '../../../src/room/state.js';
import type { StoredEntry } from '../../../src/room/store.js';
import { type Attack, each, type Scene } from '../attack.js';
import { ask } from '../http.js';
import { LookThrough, type Sent } from '../look-through.js';
import { AttackedTable } from '../seat.js';
import { hello, Wire } from '../wire.js';

const TABLES = 12;
const GAMES_PER_TABLE = 5;
/** A game is one hand; every right that lays cards open is in it. */
const OPTIONS = { target_points: 1, redeal_right: true, play_all_tricks: true };
/** Moves between two looks by HTTP. */
const LOOK_EVERY = 20;

interface Counted {
  frames: number;
  bytes: number;
  readonly commitments: Set<string>;
}

/** The whole log as it is stored. */
export async function logOf(scene: Scene, code: RoomCode): Promise<StoredEntry[]> {
  const log: StoredEntry[] = [];
  for (;;) {
    const page = await scene.cluster.store.read(code, log.at(-1)?.seq ?? (0 as Seq), 1_000);
    if (page.length === 0) return log;
    log.push(...page);
  }
}

type Shown = Sent['shown'][number];

/** What anybody can ask for: the room as a view, and its public log as events. */
async function lookByHttp(scene: Scene, code: string, shown: Shown[]): Promise<void> {
  const from = scene.stranger();
  const room = await ask(scene.door, `/api/room?room_code=${code}`, { from });
  const view = JSON.parse(room.body) as object;
  shown.push({ viewer: 'spectator', text: JSON.stringify({ type: 'snapshot', ...view }) });
  const events = await ask(scene.door, `/api/room/events?room_code=${code}`, { from });
  for (const entry of (JSON.parse(events.body) as { entries: object[] }).entries) {
    shown.push({ viewer: 'spectator', text: JSON.stringify({ type: 'event', ...entry }) });
  }
}

/** Plays `games` games at one table and looks through all that was sent. */
async function playTable(scene: Scene, games: number, counted: Counted, look: LookThrough): Promise<void> {
  const shown: Shown[] = [];
  const hear = (viewer: Viewer, text: string) => {
    counted.frames += 1;
    counted.bytes += text.length;
    shown.push({ viewer, text });
  };
  const table = await AttackedTable.open(scene, OPTIONS, (seat: Seat, _, text) => hear(seat, text));
  const watch = async () => {
    const wire = await Wire.open(table.door, table.code, { from: table.from });
    wire.onFrame = (text) => {
      hear('spectator', text);
      return true;
    };
    wire.send(hello({ spectate: true }));
    return wire;
  };
  const watchers = [await watch()];
  for (let game = 0; game < games; game++) {
    await table.start();
    for (let moves = 0; ; moves++) {
      const acting = await table.turn();
      if (acting === undefined) break;
      const command = acting.legal[scene.random.between(0, acting.legal.length - 1)];
      acting.wire.send({ type: 'command', id: acting.nextId(), command });
      const { seq } = acting;
      await acting.wire.take(1);
      await table.until(() => acting.seq > seq, 'the move');
      if (moves % LOOK_EVERY === LOOK_EVERY - 1 && game === 0) {
        await lookByHttp(scene, table.code, shown);
        // One who comes in the middle is shown the whole table.
        watchers.push(await watch());
      }
    }
    scene.did(1);
  }
  table.close();
  for (const wire of watchers) wire.socket.terminate();
  const meta = await scene.cluster.store.meta(table.code as RoomCode);
  if (!meta) throw new Error(`room ${table.code} is gone`);
  const log = await logOf(scene, table.code as RoomCode);
  const hashes = table.sitting.map(({ token }) => createHash('sha256').update(token).digest('hex'));
  const wrong = await look.check({ head: meta.head, log, shown, hashes });
  if (wrong) scene.broken(`room ${table.code}: ${wrong.slice(0, 500)}`);
  for (const event of log.flatMap(({ text }) => (JSON.parse(text) as Entry).events)) {
    if (event.type !== 'hand_ended') continue;
    const { seed } = event as unknown as { seed: string };
    counted.commitments.add(createHash('sha256').update(Buffer.from(seed, 'hex')).digest('hex'));
  }
}

export const hands: Attack = {
  name: 'hands',
  what: 'reading other hands',
  limits: 'lifted',
  full: 10_000,
  least: 10,
  unit: 'games',
  async run(scene) {
    const counted: Counted = { frames: 0, bytes: 0, commitments: new Set() };
    const look = new LookThrough();
    const tables = Math.ceil(scene.times / GAMES_PER_TABLE);
    await each(tables, TABLES, (at) => {
      const left = scene.times - at * GAMES_PER_TABLE;
      return playTable(scene, Math.min(GAMES_PER_TABLE, left), counted, look);
    });
    await look.close();
    if (counted.commitments.size < scene.times)
      scene.broken(`${counted.commitments.size} seeds in ${scene.times} games`);
    return { frames: counted.frames, bytes: counted.bytes, seeds: counted.commitments.size };
  },
};
