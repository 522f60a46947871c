/** Frames and JSON that cannot be read: each has its answer or ends its socket, and nothing else happens. */
import { readFileSync } from 'node:fs';
import { parseClientFrame } from '../../../src/protocol/client-in.js';
import type { Seeded } from '../../chaos/seeded.js';
import { bytes } from '../../edge/raw.js';
import { type Attack, each, type Scene } from '../attack.js';
import { newRoom, position } from '../http.js';
import { AttackedTable, type Sitting } from '../seat.js';
import { Wire } from '../wire.js';

const TABLES = 16;
const PORTION = 24;
/** Of all, those that no WebSocket library lets through: each costs a socket. */
const BROKEN_FRAMES = 0.01;
/** Memory of an instance may differ by this between the middle and the end, bytes. */
const MEMORY_BYTES = 96 * 2 ** 20;

const GOOD: readonly string[] = [
  '{"type":"hello","v":1,"client_id":"somebody-else","name":"Sara","spectate":true}',
  '{"type":"command","id":"7-abc","command":{"type":"play","card":"AS"}}',
  '{"type":"say","phrase":"hello"}',
  '{"type":"ping"}',
];
const VALUES: readonly string[] = [
  ...['null', 'true', '-1', '1e999', '9007199254740993', '""', '"\\u0000"', '"\\ud800"', '[]', '{}', '[[[[]]]]'],
  ...['{"__proto__":{"type":"ping"}}', '{"constructor":{"prototype":{"x":1}}}', '"toString"', '"__proto__"', '1.5'],
];

function pick<T>(random: Seeded, from: readonly T[]): T {
  return from[random.between(0, from.length - 1)] as T;
}

const garbage = (random: Seeded, length: number) =>
  Array.from({ length }, () => String.fromCharCode(random.between(1, 0x7ff))).join('');

/** Text that is no message. */
export function nonsense(random: Seeded): string {
  for (;;) {
    const text = anyText(random);
    const parsed = parseClientFrame(text);
    // Chance sometimes makes sense, or a hello of another version, which ends the connection.
    const isNonsense = !parsed.ok && parsed.code !== 'VERSION_UNSUPPORTED';
    if (isNonsense && Buffer.byteLength(text) <= 4_096) return text;
  }
}

function anyText(random: Seeded): string {
  const good = pick(random, GOOD);
  const at = random.between(0, good.length);
  const depth = random.between(1, 1_000);
  switch (random.between(0, 7)) {
    case 0:
      return garbage(random, random.between(0, 200));
    case 1:
      return good.slice(0, at);
    case 2:
      return good.slice(0, at) + garbage(random, random.between(1, 5)) + good.slice(at + random.between(0, 5));
    case 3:
      return good.replace(/:("[^"]*"|\d|true)/, `:${pick(random, VALUES)}`);
    case 4:
      return good.replace(
        '{',
        `{${pick(random, ['"__proto__"', '"x"', '"type"', '"token"'])}:${pick(random, VALUES)},`,
      );
    case 5:
      return `{"type":"command","id":"7-abc","command":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    case 6:
      return `${'{"type":'.repeat(depth % 400)}1${'}'.repeat(depth % 400)}`;
    default:
      return pick(random, VALUES);
  }
}

/** Bytes that break the framing, with the close codes that may answer them. */
function brokenFrame(random: Seeded): { readonly data: Buffer; readonly codes: readonly number[] } {
  const payload = Buffer.from(Array.from({ length: random.between(1, 100) }, () => random.between(0, 255)));
  switch (random.between(0, 6)) {
    case 0:
      return { data: bytes(pick(random, [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), payload), codes: [1002] };
    case 1:
      return { data: bytes(2, payload), codes: [1003] };
    case 2:
      return { data: bytes(1, Buffer.concat([Buffer.from([0xc3, 0x28]), payload])), codes: [1007] };
    case 3:
      // Not masked.
      return { data: Buffer.from([0x81, 0x02, 0x7b, 0x7d]), codes: [1002] };
    case 4:
      // A continuation of nothing.
      return { data: bytes(0, payload), codes: [1002] };
    case 5:
      // A close frame with a code that nobody may send.
      return { data: bytes(8, Buffer.from([0x03, 0xed])), codes: [1002] };
    default:
      // A ping longer than pings may be.
      return { data: bytes(9, Buffer.alloc(200)), codes: [1002] };
  }
}

async function seated(scene: Scene, one: Sitting): Promise<void> {
  for (let at = 0; at < PORTION; at++) one.wire.send(nonsense(scene.random));
  const answers = await one.wire.take(PORTION);
  const wrong = answers.find((answer) => answer.type !== 'error');
  if (wrong || answers.length < PORTION) scene.broken(`answered with ${JSON.stringify(wrong)}, ${one.wire.closed}`);
}

async function framing(scene: Scene, room: string): Promise<void> {
  const wire = await Wire.open(scene.door, room, { from: scene.stranger() });
  const { data, codes } = brokenFrame(scene.random);
  wire.raw.write(data);
  const code = await wire.end();
  if (!codes.includes(code)) scene.broken(`${data.toString('hex').slice(0, 40)} was closed with ${code}, not ${codes}`);
}

/** Resident memory of all instances, bytes. */
function memory({ cluster }: Scene): number {
  const pages = cluster
    .facts()
    .instances.map(({ pid }) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]));
  return pages.reduce((sum, count) => sum + count * 4_096, 0);
}

export const malformed: Attack = {
  name: 'malformed',
  what: 'malformed frames and JSON',
  limits: 'lifted',
  full: 1_000_000,
  least: 500,
  unit: 'frames',
  async run(scene) {
    const count = Math.ceil(scene.times * BROKEN_FRAMES);
    const tables = await Promise.all(
      Array.from({ length: Math.min(TABLES, Math.ceil(scene.times / 500)) }, async () => {
        const table = await AttackedTable.open(scene, {});
        await table.start();
        await table.turn();
        return table;
      }),
    );
    const before = await Promise.all(tables.map(({ code }) => position(scene, code)));
    let left = scene.times - count;
    let middle = 0;
    const sitting = tables.flatMap((table) => table.sitting);
    await each(sitting.length, sitting.length, async (at) => {
      while (left > 0) {
        left -= PORTION;
        // To make nonsense takes a while: the players of this process have a turn in between.
        await new Promise(setImmediate);
        await seated(scene, sitting[at] as Sitting);
        scene.did(PORTION);
        if (left < scene.times / 2 && middle === 0) middle = memory(scene);
      }
    });
    const room = await newRoom(scene);
    await each(count, 8, async () => {
      await framing(scene, room);
      scene.did(1);
    });
    const end = memory(scene);
    const after = await Promise.all(tables.map(({ code }) => position(scene, code)));
    if (after.join() !== before.join()) scene.broken(`rooms changed: ${before} to ${after}`);
    if (end - middle > MEMORY_BYTES) scene.broken(`memory grew from ${middle} to ${end} bytes`);
    for (const table of tables) table.close();
    const megabytes = (value: number) => Math.round(value / 2 ** 20);
    return { broken_frames: count, memory_middle_mb: megabytes(middle), memory_end_mb: megabytes(end) };
  },
};
