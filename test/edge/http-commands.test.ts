// Holds I12 of src/README.md.
/** Commands over HTTP: each seat may give as many as over a WebSocket. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRoom, startCluster, type TestCluster } from '../support/cluster.js';
import { until } from '../support/programs.js';
import { onTurn, Player, seatFour } from './player.js';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster(1, { HOKM_MESSAGE_RATE: '10' });
});
afterAll(() => cluster.stop());

test('who gives too many is told to wait, and hinders nobody else; the same id is run later, once', async () => {
  const [instance] = cluster.instances;
  const base = `http://127.0.0.1:${instance?.port}`;
  const room = await createRoom(base);
  const host = await Player.join(instance?.url ?? '', room);
  const guest = await Player.join(instance?.url ?? '', room);
  const give = (token: string, id: string, command: object) =>
    fetch(`${base}/api/room/commands?room_code=${room}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ id, command }),
    });
  const wish = { type: 'swap_seats', seat: null };
  const ids = Array.from({ length: 60 }, (_, at) => `${at + 1}-flood`);
  const answers = await Promise.all(ids.map((id) => give(host.token, id, wish)));
  const refused = ids.filter((_, at) => answers[at]?.status === 429);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
  expect(refused.length).toBeGreaterThan(20);
  const one = answers.find(({ status }) => status === 429);
  expect([one?.headers.get('retry-after'), await one?.json()]).toMatchObject([
    '1',
    { error: { code: 'RATE_LIMITED', retry: true } },
  ]);
  expect((await give(guest.token, '1-guest', wish)).status).toBe(200);
  let again = await give(host.token, refused[0] ?? '', wish);
  await until('it is taken', async () => {
    if (again.status === 429) again = await give(host.token, refused[0] ?? '', wish);
    return again.status !== 429;
  });
  // Two have sat down, and the guest has wished once.
  expect(await again.json()).toEqual({ seq: 3 + (ids.length - refused.length) + 1 });
});

test('a move over HTTP counts in the turn that it names, or not at all', async () => {
  const [instance] = cluster.instances;
  const base = `http://127.0.0.1:${instance?.port}`;
  const room = await createRoom(base, { turn_ms: 60_000 });
  const players = await seatFour([instance?.url ?? ''], room);
  await players[0]?.ask({ type: 'start' });
  const player = await onTurn(players);
  if (!player) throw new Error('nobody is on turn');
  const turn = turnOf(player);
  const give = async (id: string, named: number) => {
    const answer = await fetch(`${base}/api/room/commands?room_code=${room}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${player.token}` },
      body: JSON.stringify({ id, command: player.legal[0], for: named }),
    });
    return [answer.status, await answer.json()];
  };
  expect(await give('900-early', turn - 1)).toMatchObject([409, { error: { code: 'TURN_OVER', retry: false } }]);
  const first = await give('901-intime', turn);
  expect(first).toEqual([200, { seq: expect.any(Number) }]);
  // The hakem has named trump, and leads.
  await until('the next turn is told', () => turnOf(player) > turn);
  expect(await give('901-intime', turn)).toEqual(first);
  expect(await give('902-late', turn)).toMatchObject([409, { error: { code: 'TURN_OVER' } }]);
});

function turnOf(player: Player): number {
  const last = player.frames.findLast((frame) => frame.type === 'event');
  return (last?.type === 'event' && last.turn) || 0;
}
