/** One person who takes a seat of a bot in a running hand, looks at its cards, leaves, and takes the next. */
import { createHash } from 'node:crypto';
import type { RoomCode } from '../../../src/protocol/ids.js';
import { type Attack, each, type Scene } from '../attack.js';
import { newRoom } from '../http.js';
import { LookThrough, type Sent } from '../look-through.js';
import { hello, Wire } from '../wire.js';
import { logOf } from './hands.js';

/** One sits there, and never moves: the hand goes on for as long as the attack. */
const VISITS_PER_TABLE = 60;
const TABLES = 6;
const BOTS = 3;
const LEFT = 4000;
const WRONG_TOKEN = 4401;

type Shown = Sent['shown'][number];

interface Table {
  readonly code: string;
  readonly host: Wire;
  readonly shown: Shown[];
  readonly hashes: string[];
}

/** A hand that waits for its only player. */
async function openTable(scene: Scene): Promise<Table> {
  const code = await newRoom(scene, { turn_ms: 600_000 });
  const host = await Wire.open(scene.door, code, { from: scene.stranger() });
  host.send(hello({ name: 'Victim' }));
  await host.next('welcome');
  host.send({ type: 'command', id: '1-start', command: { type: 'start', fill_with_bots: true } });
  for (let legal: unknown; legal === undefined; ) {
    const event = await host.next('event');
    if (event === undefined) throw new Error('no hand was dealt');
    legal = event.legal;
  }
  return { code, host, shown: [], hashes: [] };
}

/** A socket of whoever looks: all that comes is kept as if a spectator had been sent it. */
async function look(scene: Scene, { code, shown }: Table, fields: object): Promise<Wire> {
  const wire = await Wire.open(scene.door, code, { from: scene.stranger() });
  wire.onFrame = (text) => {
    shown.push({ viewer: 'spectator', text });
    return false;
  };
  wire.send(hello(fields));
  return wire;
}

async function visit(scene: Scene, table: Table, at: number): Promise<void> {
  const seat = 1 + (at % BOTS);
  const first = await look(scene, table, { seat, name: `Peeker ${at}` });
  const welcome = await first.next('welcome');
  if (welcome?.seat !== seat || welcome.token === undefined) return scene.broken(`visit ${at} got no seat ${seat}`);
  const { token, epoch, seq, digest } = welcome;
  table.hashes.push(createHash('sha256').update(token).digest('hex'));
  // Again with the token, as whoever comes back, with what is missed and without.
  const resume = at % 2 === 0 ? {} : { resume: { epoch, seq: Math.max(0, seq - (at % 5)), digest } };
  const again = await look(scene, table, { token, ...resume });
  const back = await again.next('welcome');
  if (back?.seat !== seat) scene.broken(`visit ${at} came back to seat ${back?.seat}`);
  again.send({ type: 'command', id: `${1 + (back?.last_command ?? 0)}-leave`, command: { type: 'leave' } });
  const closed = await again.end();
  if (closed !== LEFT) scene.broken(`leaving ended with ${closed}`);
  const late = await look(scene, table, { token });
  const refused = await late.end();
  if (refused !== WRONG_TOKEN) scene.broken(`the token of a seat that was left was answered with ${refused}`);
  first.socket.terminate();
  scene.did(1);
}

export const peeking: Attack = {
  name: 'peeking',
  what: 'looking at one hand after the other, seat by seat',
  limits: 'lifted',
  full: 10_000,
  least: 12,
  unit: 'visits',
  async run(scene) {
    const checker = new LookThrough();
    let frames = 0;
    await each(Math.ceil(scene.times / VISITS_PER_TABLE), TABLES, async (number) => {
      const table = await openTable(scene);
      const visits = Math.min(VISITS_PER_TABLE, scene.times - number * VISITS_PER_TABLE);
      for (let at = 0; at < visits; at++) await visit(scene, table, at);
      table.host.socket.terminate();
      frames += table.shown.length;
      const { code, shown, hashes } = table;
      const meta = await scene.cluster.store.meta(code as RoomCode);
      if (!meta) throw new Error(`room ${code} is gone`);
      const wrong = await checker.check({ head: meta.head, log: await logOf(scene, code as RoomCode), shown, hashes });
      if (wrong) scene.broken(`room ${code}: ${wrong.slice(0, 500)}`);
    });
    await checker.close();
    return { frames };
  },
};
