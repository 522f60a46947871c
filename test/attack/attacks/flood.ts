/** More messages than anybody may send, on sockets that do not stop when they are told to. */

import { percentile } from '../../chaos/report.js';
import { bytes } from '../../edge/raw.js';
import { type Attack, each, type Scene } from '../attack.js';
import { newRoom } from '../http.js';
import { hello, Wire } from '../wire.js';

const CLOSED_MS = 2_000;
const RATE_LIMITED = 4429;
const AT_ONCE = 500;
const AGAIN_MS = 20;
const text = (message: object) => bytes(1, Buffer.from(JSON.stringify(message)));

/** Each is sent again and again. */
const FLOODS: Readonly<Record<string, Buffer>> = {
  ping: text({ type: 'ping' }),
  command: text({ type: 'command', id: '1-flood', command: { type: 'start' } }),
  nonsense: text({ type: 'flood' }),
  'ping frame': bytes(9, Buffer.from('x')),
  'pong frame': bytes(10, Buffer.from('x')),
};
const NAMES = Object.keys(FLOODS);

/** How long the socket lived after the flood began, ms. */
async function flood(scene: Scene, room: string, name: string): Promise<number> {
  const wire = await Wire.open(scene.door, room, { from: scene.stranger() });
  wire.onFrame = () => true;
  wire.send(hello({ spectate: true }));
  const began = performance.now();
  const { raw } = wire;
  let ended = 0;
  raw.once('close', () => {
    ended = performance.now() - began;
  });
  const more = Buffer.concat(Array(AT_ONCE).fill(FLOODS[name]));
  const again = setInterval(() => raw.writable && raw.writableLength < 1_000_000 && raw.write(more), AGAIN_MS);
  raw.write(more);
  const code = await wire.end().finally(() => clearInterval(again));
  if (code !== RATE_LIMITED && code !== 1006) scene.broken(`a flood of ${name} was closed with ${code}`);
  return ended || performance.now() - began;
}

export const floods: Attack = {
  name: 'flood',
  what: 'flood on a socket',
  limits: 'default',
  full: 1_000,
  least: 20,
  unit: 'sockets',
  async run(scene) {
    const room = await newRoom(scene);
    const lives: number[] = [];
    await each(scene.times, 4, async (at) => {
      const name = NAMES[at % NAMES.length] ?? '';
      const life = await flood(scene, room, name).catch((error: Error) => {
        scene.broken(`${name}: ${error.message}`);
        return 0;
      });
      if (life > CLOSED_MS) scene.broken(`a flood of ${name} went on for ${life.toFixed(0)} ms`);
      lives.push(life);
      scene.did(1);
    });
    return { closed_ms_p50: Math.round(percentile(lives, 50)), closed_ms_max: Math.round(percentile(lives, 100)) };
  },
};
