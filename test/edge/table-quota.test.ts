/** Seats at public tables by the address of their players: a few tables at once, on all instances together. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { Player } from './player.js';

const MOST = 4;
let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster(2);
});
afterAll(() => cluster.stop());

const url = (at: number) => cluster.instances[at % 2]?.url ?? '';
const from = (address: string) => ({ 'x-hokm-address': address });
const rooms = (count: number, options: object = { public: true }) =>
  Promise.all(Array.from({ length: count }, () => cluster.createRoom({ ...options })));

/** Says hello from an address; how that ends. */
async function sit(room: string, address: string, at = 0, hello = {}): Promise<{ player: Player; end: string }> {
  const player = await Player.open(url(at), room, from(address));
  player.hello(hello);
  const end = await until('an answer', () => {
    const answer = player.frames.find(({ type }) => type === 'welcome' || type === 'error');
    return answer?.type === 'error' ? answer.code : answer?.type;
  });
  return { player, end: String(end) };
}

test('an address gets seats at four public tables at once, wherever they are played; others and friends of it get theirs', async () => {
  const codes = await rooms(10);
  const sat = await Promise.all(codes.map((code, at) => sit(code, '10.0.0.1', at)));
  const held = sat.flatMap(({ end }, at) => (end === 'welcome' ? [at] : []));
  expect(held).toHaveLength(MOST);
  const turnedAway = sat.filter(({ end }) => end === 'TABLES_LIMITED');
  expect(turnedAway).toHaveLength(codes.length - MOST);
  await until('they are closed', () => turnedAway.every(({ player }) => player.closed?.code === 4409));

  const [first = 0] = held;
  const other = codes.find((_, at) => !held.includes(at)) ?? '';
  expect((await sit(codes[first] ?? '', '10.0.0.1')).end).toBe('welcome');
  expect((await sit(other, '10.0.0.2')).end).toBe('welcome');
  expect((await sit(other, '10.0.0.1', 1, { spectate: true })).end).toBe('welcome');
  const back = sat[first];
  expect((await sit(codes[first] ?? '', '10.0.0.1', 1, { token: back?.player.token })).end).toBe('welcome');
  for (const player of [...sat.map(({ player }) => player)]) player.socket.close();
});

test('who leaves a table may sit down at another', async () => {
  const codes = await rooms(MOST + 1);
  const sat = await Promise.all(codes.slice(0, MOST).map((code, at) => sit(code, '10.0.1.1', at)));
  expect(sat.map(({ end }) => end)).toEqual(Array.from({ length: MOST }, () => 'welcome'));
  const last = codes[MOST] ?? '';
  expect((await sit(last, '10.0.1.1')).end).toBe('TABLES_LIMITED');
  await sat[0]?.player.ask({ type: 'leave' });
  await until('it may sit down', async () => (await sit(last, '10.0.1.1')).end === 'welcome');
  for (const { player } of sat) player.socket.close();
});

test('tables of one’s own friends do not count, nor does anything without an address', async () => {
  const codes = await rooms(MOST + 2, {});
  expect(await Promise.all(codes.map(async (code) => (await sit(code, '10.0.2.1')).end))).not.toContain(
    'TABLES_LIMITED',
  );
  const open = await rooms(MOST + 2);
  const ends = await Promise.all(open.map((code) => Player.join(url(0), code).then(({ seat }) => seat)));
  expect(ends).not.toContain(null);
});

test('what is kept of an address is forgotten by itself', async () => {
  const redis = await connectToRedis(cluster.redis.url);
  try {
    const keys = await redis.keys(KEYS.tablesOf('*'));
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(await redis.pttl(key)).toBeLessThanOrEqual(30_000);
      expect(await redis.pttl(key)).not.toBe(-1);
      expect(await redis.zcard(key)).toBeLessThanOrEqual(MOST + 1);
    }
  } finally {
    redis.disconnect();
  }
});
