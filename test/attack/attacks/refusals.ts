/** Refused commands that say as much as a message holds: what is kept of them must not be theirs to fill. */
import type { RoomCode } from '../../../src/protocol/ids.js';
import { KEYS } from '../../support/keys.js';
import { until } from '../../support/programs.js';
import { type Attack, each } from '../attack.js';
import { AttackedTable, type Sitting } from '../seat.js';

/** More than the refusals that are kept of a seat. */
const ROUND = 300;
/** Sent before their answers are waited for. */
const AT_ONCE = 20;
/** Entries after which a room stores a snapshot. */
const ENTRIES = 70;
/** Codes alone, and ids of full length: a fifth of what texts would take. */
const MAX_SNAPSHOT_BYTES = 98_304;
const WORDS = 'x'.repeat(3_800);

/** What is wrong with each of these is told in the sender's own words. */
const WRONG: readonly object[] = [
  { type: 'leave', [WORDS]: 1 },
  { type: 'kick', seat: 0, [WORDS]: true },
  { type: 'name_trump', trump: WORDS },
  { type: WORDS.slice(0, 32) },
];

async function refuseMany({ wire }: Sitting, counter: { next: number }, count: number): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE) {
    const some = Math.min(AT_ONCE, count - done);
    for (let at = 0; at < some; at++) {
      const id = `${counter.next++}-${'z'.repeat(16)}`;
      wire.send({ type: 'command', id, command: WRONG[at % WRONG.length] });
    }
    await wire.take(some);
  }
}

export const refusals: Attack = {
  name: 'refusals',
  what: 'refused commands that would be kept word for word',
  limits: 'lifted',
  full: 100_000,
  least: 4 * ROUND,
  unit: 'refusals',
  async run(scene) {
    let largest = 0;
    const table = await AttackedTable.open(scene, {});
    const counters = table.sitting.map(() => ({ next: 100_000_000 }));
    const key = KEYS.roomSnapshot(table.code as RoomCode);
    const size = async () => await scene.cluster.redis.strlen(key);
    for (let left = scene.times; left > 0; left -= 4 * ROUND) {
      await each(4, 4, async (seat) => {
        const sitting = table.sitting[seat];
        const counter = counters[seat];
        if (sitting && counter) await refuseMany(sitting, counter, ROUND);
      });
      scene.did(4 * ROUND);
      const before = await scene.cluster.redis.get(key);
      const [host] = table.sitting;
      const [counter] = counters;
      if (!host || !counter) throw new Error('nobody sits');
      for (let entry = 0; entry < ENTRIES; entry++) {
        host.wire.send({ type: 'command', id: `${counter.next++}-w`, command: { type: 'swap_seats', seat: null } });
        await host.wire.take(1);
      }
      await until('a new snapshot', async () => (await scene.cluster.redis.get(key)) !== before);
      largest = Math.max(largest, await size());
      if (largest > MAX_SNAPSHOT_BYTES) scene.broken(`a snapshot of ${largest} bytes`);
      const text = (await scene.cluster.redis.get(key)) ?? '';
      if (text.includes('xxxx')) scene.broken('a snapshot holds words of a refused command');
    }
    table.close();
    return { largest_snapshot_bytes: largest };
  },
};
