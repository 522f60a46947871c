/** Guesses at room codes from thousands of addresses, each just below its limit; and one address above it. */
import { newRoomHead } from '../../../src/cluster/new-room.js';
import { crockford } from '../../../src/runtime/random.js';
import { game } from '../../room/rooms.js';
import { type Attack, each, type Scene } from '../attack.js';
import { newRoom, pipelined } from '../http.js';
import { AttackedTable } from '../seat.js';
import { hello, Wire } from '../wire.js';

const MAX_ROOMS = 10_000;
const TTL_MS = 3_600_000;
const SETTINGS = { durability: 'primary', turn_ms: 20_000, bot_ms: 700, hold_ms: 60_000 } as const;
/** An address may make 300 requests in 10 s. */
const PER_ADDRESS = 250;
const ALLOWED = 300;
/** 0.009 are expected in all. */
const MOST_HITS = 1;

const guess = (code: string) => `GET /api/room?room_code=${code} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
const guesses = (count: number) => Array.from({ length: count }, () => guess(crockford(8)));

/** Everything that a newcomer is told who is not let in. */
async function refusal(scene: Scene, room: string): Promise<string> {
  const wire = await Wire.open(scene.door, room, { from: scene.stranger() });
  wire.send(hello());
  const said = await wire.take(2);
  return JSON.stringify([said, await wire.end()]);
}

export const guessing: Attack = {
  name: 'guessing',
  what: 'room-code guessing',
  limits: 'default',
  full: 1_000_000,
  least: 1_000,
  unit: 'guesses',
  async run(scene) {
    const { store } = scene.cluster;
    const rooms = Math.min(MAX_ROOMS, scene.times);
    await each(rooms, 200, async () => {
      const head = newRoomHead(game, game.optionsSchema.parse({}), SETTINGS, Date.now());
      await store.create(head, TTL_MS);
    });
    const counts = new Map<number, number>();
    await each(Math.ceil(scene.times / PER_ADDRESS), 4, async (at) => {
      const count = Math.min(PER_ADDRESS, scene.times - at * PER_ADDRESS);
      const answers = await pipelined(scene.door, scene.stranger(), guesses(count));
      for (const [status, times] of answers) counts.set(status, (counts.get(status) ?? 0) + times);
      scene.did(count);
    });
    const hits = counts.get(200) ?? 0;
    if (hits > MOST_HITS) scene.broken(`${hits} rooms were found`);
    const misses = counts.get(404) ?? 0;
    if (hits + misses < scene.times) scene.broken(`other answers than 404: ${JSON.stringify([...counts])}`);
    const hurried = await pipelined(scene.door, scene.stranger(), guesses(2 * ALLOWED));
    const throttled = hurried.get(429) ?? 0;
    if (throttled < ALLOWED - 1) scene.broken(`of ${2 * ALLOWED} guesses of one address ${throttled} were throttled`);
    const full = await AttackedTable.open(scene, {});
    const [ofFull, ofNone] = [await refusal(scene, full.code), await refusal(scene, crockford(8))];
    full.close();
    if (ofFull !== ofNone) scene.broken(`a full room says ${ofFull}, no room ${ofNone}`);
    // Somebody who knows a code still finds the room.
    const [found] = await pipelined(scene.door, scene.stranger(), [guess(await newRoom(scene))]);
    if (found?.[0] !== 200) scene.broken(`a room that is there was answered with ${found?.[0]}`);
    return { rooms, hits, expected_hits: (scene.times * rooms) / 32 ** 8, throttled_of_600: throttled };
  },
};
