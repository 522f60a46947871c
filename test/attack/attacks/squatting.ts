/** One address takes the free seats of public tables, keeps no socket, and leaves nobody else a place. */
import { until } from '../../support/programs.js';
import { type Attack, each, type Scene } from '../attack.js';
import { newRoom } from '../http.js';
import { hello, Refused, Wire } from '../wire.js';

const TABLES = 10;
const FREE_SEATS = 3;
const PARALLEL = 15;
/** At which one address may hold seats. */
const MOST_TABLES = 4;
/** A seat in a lobby is free again after 30 s. */
const FREE_AGAIN_MS = 35_000;

/** Sits down if that is possible; the code of the refusal where it is not. */
async function sit(scene: Scene, code: string, from: string): Promise<{ wire?: Wire; refused?: string }> {
  try {
    const wire = await Wire.open(scene.door, code, { from });
    wire.send(hello());
    const [answer] = await wire.take(1);
    if (answer?.type === 'welcome') return { wire };
    wire.socket.terminate();
    return { refused: answer?.type === 'error' ? answer.code : 'closed' };
  } catch (error) {
    if (error instanceof Refused) return { refused: String(error.status) };
    throw error;
  }
}

/** Public tables, each with an honest host who waits for players. */
async function openTables(scene: Scene): Promise<{ codes: string[]; hosts: Wire[]; freed: Set<string> }> {
  const codes: string[] = [];
  const freed = new Set<string>();
  const hosts: Wire[] = [];
  for (let at = 0; at < TABLES; at++) {
    const code = await newRoom(scene, { public: true });
    const { wire, refused } = await sit(scene, code, scene.stranger());
    if (!wire) throw new Error(`a host was refused: ${refused}`);
    codes.push(code);
    hosts.push(wire);
    wire.onFrame = (text) => {
      if (text.includes('"seat_left"')) freed.add(code);
      return true;
    };
  }
  return { codes, hosts, freed };
}

export const squatting: Attack = {
  name: 'squatting',
  what: 'the free seats of public tables, taken from one address',
  limits: 'default',
  full: 600,
  least: TABLES * FREE_SEATS,
  unit: 'seats tried',
  async run(scene) {
    let [most, longest] = [0, 0];
    for (let tried = 0; tried < scene.times; tried += TABLES * FREE_SEATS) {
      const { codes, hosts, freed } = await openTables(scene);
      const attacker = scene.stranger();
      const taken = new Map<string, number>();
      await each(TABLES * FREE_SEATS, PARALLEL, async (at) => {
        const code = codes[at % TABLES] ?? '';
        const { wire, refused } = await sit(scene, code, attacker);
        if (wire) taken.set(code, (taken.get(code) ?? 0) + 1);
        else if (refused !== 'TABLES_LIMITED' && refused !== '429') scene.broken(`refused with ${refused}`);
        wire?.socket.terminate();
      });
      scene.did(TABLES * FREE_SEATS);
      most = Math.max(most, taken.size);
      if (taken.size > MOST_TABLES) scene.broken(`seats at ${taken.size} tables from one address`);
      // Somebody else finds a place at every table, at those that were filled after a while.
      const since = performance.now();
      await each(tried === 0 ? TABLES : 0, TABLES, async (at) => {
        const code = codes[at] ?? '';
        const free = () => freed.has(code);
        if (taken.get(code) === FREE_SEATS) {
          await until(`a free seat at table ${at}`, free, FREE_AGAIN_MS).catch((error: Error) =>
            scene.broken(error.message),
          );
        }
        const { wire, refused } = await sit(scene, code, scene.stranger());
        if (!wire) scene.broken(`table ${at} has no place for anybody else: ${refused}`);
        wire?.socket.terminate();
      });
      if (tried === 0) longest = Math.round(performance.now() - since);
      for (const host of hosts) host.socket.terminate();
    }
    return { tables_of_one_address: most, longest_wait_ms: longest };
  },
};
