/** Frames that are too long, and messages that never end: 1009 and 1008, before they cost memory. */
import { bytes } from '../../edge/raw.js';
import { type Attack, each, type Scene } from '../attack.js';
import { newRoom } from '../http.js';
import { Wire } from '../wire.js';

const CLOSED_MS = 2_000;

/** A head that promises `length` bytes, and the first of them. */
function promise(length: bigint): Buffer {
  const head = Buffer.alloc(14);
  head.set([0x81, 0x80 | 127]);
  head.writeBigUInt64BE(length, 2);
  return Buffer.concat([head, Buffer.from('{"type":"')]);
}

interface Kind {
  readonly data: readonly Buffer[];
  readonly codes: readonly number[];
}

const KINDS: readonly Kind[] = [
  { data: [bytes(1, Buffer.alloc(4_097, 32))], codes: [1009] },
  { data: [bytes(1, Buffer.alloc(60_000, 32))], codes: [1009] },
  { data: [promise(2n ** 40n)], codes: [1009] },
  { data: [promise(2n ** 62n)], codes: [1009] },
  // Together too long, each of them short.
  { data: [bytes(1, Buffer.alloc(3_000, 32), false), bytes(0, Buffer.alloc(3_000, 32), false)], codes: [1009] },
  { data: Array.from({ length: 4_000 }, (_, at) => bytes(at === 0 ? 1 : 0, Buffer.from(' '), false)), codes: [1008] },
  { data: Array.from({ length: 4_000 }, (_, at) => bytes(at === 0 ? 1 : 0, Buffer.alloc(0), false)), codes: [1008] },
];

async function once(scene: Scene, room: string, { data, codes }: Kind): Promise<number> {
  const wire = await Wire.open(scene.door, room, { from: scene.stranger() });
  if (wire.socket.extensions !== '') scene.broken(`compression is on: ${wire.socket.extensions}`);
  const began = performance.now();
  wire.raw.write(Buffer.concat(data));
  const code = await wire.end();
  if (!codes.includes(code)) scene.broken(`${data[0]?.length} bytes times ${data.length} were closed with ${code}`);
  return performance.now() - began;
}

export const oversized: Attack = {
  name: 'oversized',
  what: 'oversized frames, tiny fragments without end',
  limits: 'default',
  full: 2_000,
  least: 28,
  unit: 'sockets',
  async run(scene) {
    const room = await newRoom(scene);
    let longest = 0;
    await each(scene.times, 8, async (at) => {
      const took = await once(scene, room, KINDS[at % KINDS.length] as Kind);
      longest = Math.max(longest, took);
      scene.did(1);
    });
    if (longest > CLOSED_MS) scene.broken(`closed after ${longest.toFixed(0)} ms`);
    return { closed_ms_max: Math.round(longest) };
  },
};
