/** Attempts to get into somebody else's seat: by guesses at its token, by what is near it, by the client's name. */

import { createHash } from 'node:crypto';
import type { RoomCode, Seq } from '../../../src/protocol/ids.js';
import { randomToken } from '../../../src/runtime/random.js';
import { KEYS } from '../../support/keys.js';
import { type Attack, each, type Scene } from '../attack.js';
import { ask, newRoom } from '../http.js';
import { hello, Wire } from '../wire.js';

const WRONG_TOKEN = 4401;
const REPLACED = 4001;
const LEAST_BITS = 128;
/** A question for the owner of a token waits a while for an answer. */
const PARALLEL = 24;

interface Victim {
  readonly code: string;
  readonly wire: Wire;
  readonly token: string;
  readonly clientId: string;
}

async function seat(scene: Scene): Promise<Victim> {
  const code = await newRoom(scene);
  const wire = await Wire.open(scene.door, code, { from: scene.stranger() });
  const clientId = `victim-${code}`;
  wire.send(hello({ client_id: clientId, name: 'Victim' }));
  const welcome = await wire.next('welcome');
  if (welcome?.token === undefined) throw new Error('the victim has no seat');
  return { code, wire, token: welcome.token, clientId };
}

/** What a thief would try who knows something: the hash, a part, another spelling. */
function near(token: string): string[] {
  const hash = createHash('sha256').update(token).digest('hex');
  const other = token.at(-1) === 'A' ? 'B' : 'A';
  return [
    ...[hash, hash.slice(0, 32), token.slice(0, -1), `${token}A`, token.slice(0, -1) + other, ` ${token}`],
    ...[token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase(), '', '*', '0', 'null', '__proto__'],
  ];
}

/** One token, by each of the ways that take one. */
async function steal(scene: Scene, { code, clientId }: Victim, token: string, way: number): Promise<void> {
  const from = scene.stranger();
  if (way === 0) {
    const wire = await Wire.open(scene.door, code, { from });
    wire.send(hello({ client_id: clientId, token }));
    const closed = await wire.end();
    if (closed !== WRONG_TOKEN) scene.broken(`the token ${token} was answered with ${closed}`);
    return;
  }
  const command = JSON.stringify({ id: '1-thief', command: { type: 'leave' } });
  const { status } =
    way === 1
      ? await ask(scene.door, `/api/room/commands?room_code=${code}`, {
          ...{ method: 'POST', body: command, from },
          headers: { authorization: `Bearer ${token}` },
        })
      : await ask(scene.door, '/api/reconnect', { method: 'POST', body: JSON.stringify({ token }), from });
  // Too many wrong ones at a room are not looked at any more, right or wrong.
  if (![400, 401, 403, 429].includes(status))
    scene.broken(`the token ${token} was answered with ${status} by way ${way}`);
}

/** The victim's own name, without the token: another seat or none, and the victim stays. */
async function impersonate(scene: Scene, { code, clientId }: Victim): Promise<void> {
  for (const fields of [{}, { spectate: true }, { seat: 1 }]) {
    const wire = await Wire.open(scene.door, code, { from: scene.stranger() });
    wire.send(hello({ client_id: clientId, name: 'Victim', ...fields }));
    const welcome = await wire.next('welcome');
    if (welcome?.seat === 0) scene.broken('a client id alone was given the seat');
    wire.socket.terminate();
  }
}

/** The token must be nowhere in Redis. */
async function isStored({ cluster }: Scene, { code, token }: Victim): Promise<boolean> {
  const entries = await cluster.store.read(code as RoomCode, 0 as Seq, 1_000);
  const { redis } = cluster;
  let keys = '';
  for (let cursor = '0'; ; ) {
    const [next, page] = await redis.scan(cursor, 'COUNT', 1_000);
    keys += page.join('\n');
    cursor = next;
    if (cursor === '0') break;
  }
  const meta = JSON.stringify(await redis.hgetall(KEYS.roomMeta(code)));
  return [keys, meta, ...entries.map(({ text }) => text)].some((text) => text.includes(token));
}

export const theft: Attack = {
  name: 'theft',
  what: 'seat theft',
  limits: 'default',
  full: 30_000,
  least: 60,
  unit: 'tokens',
  async run(scene) {
    const victim = await seat(scene);
    const bits = victim.token.length * 6;
    if (bits < LEAST_BITS || !/^[\w-]+$/.test(victim.token)) scene.broken(`a token of ${bits} bits: ${victim.token}`);
    const known = near(victim.token);
    await each(scene.times, PARALLEL, async (at) => {
      const token = known[Math.floor(at / 3)] ?? randomToken(18);
      await steal(scene, victim, token, at % 3);
      scene.did(1);
    });
    await impersonate(scene, victim);
    if (victim.wire.closed !== undefined) scene.broken(`the victim was closed with ${victim.wire.closed}`);
    if (await isStored(scene, victim)) scene.broken('the token stands in Redis');
    // Who has the token has the seat, and the one before is told.
    const heir = await Wire.open(scene.door, victim.code, { from: scene.stranger() });
    heir.send(hello({ token: victim.token }));
    const welcome = await heir.next('welcome');
    const closed = await victim.wire.end();
    if (welcome?.seat !== 0 || closed !== REPLACED) scene.broken(`replaced: seat ${welcome?.seat}, closed ${closed}`);
    heir.socket.terminate();
    return { token_bits: bits };
  },
};
