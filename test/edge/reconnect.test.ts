// Holds I5 and I7 of src/README.md.
/** Coming back: to what was missed, through whichever instance, and as nobody but oneself. */

import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Cursor, EventFrame } from '../../src/protocol/client-out.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { createRoom, startCluster, type TestCluster, type TestInstance, untilCertain } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { until } from '../support/programs.js';
import { connectToRedis } from '../support/redis.js';
import { onTurn, Player, playOn, playOut, seatFour } from './player.js';

const SECRET = 'secret-of-the-tests';
const FORWARDED = 'x-hokm-forwarded';

let cluster: TestCluster;
/** Owns the rooms of these tests: the first join comes here. */
let owner: TestInstance;
let other: TestInstance;
let redis: RedisConnection;

beforeAll(async () => {
  cluster = await startCluster(2);
  const [first, second] = cluster.instances;
  if (!first || !second) throw new Error('two instances expected');
  [owner, other] = [first, second];
  redis = await connectToRedis(cluster.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

const baseOf = ({ port }: TestInstance) => `http://127.0.0.1:${port}`;
const newRoom = (options: object = {}) => createRoom(baseOf(owner), { options });

async function startMatch(room: string, urls: readonly string[] = [owner.url]): Promise<Player[]> {
  const players = await seatFour(urls, room);
  await players[0]?.ask({ type: 'start' });
  return players;
}

async function metric(instance: TestInstance, line: RegExp): Promise<number> {
  const text = await (await fetch(`${baseOf(instance)}/metrics`)).text();
  return Number(line.exec(text)?.[1] ?? 0);
}
const forwards = (instance: TestInstance, kind: string) =>
  metric(instance, new RegExp(`^hokm_forwards_total\\{[^}]*kind="${kind}"[^}]*\\} (\\d+)`, 'm'));

const eventsOf = (player: Player): EventFrame[] =>
  player.frames.filter((frame): frame is EventFrame => frame.type === 'event');

/** What says the same to a seat whether it comes live or later. */
const essence = ({ seq, digest, epoch, at, events }: EventFrame) => ({ seq, digest, epoch, at, events });

/** A second connection of the player's, at `cursor`, and the events it gets up to the room's last one. */
async function comeBack(
  room: string,
  player: Player,
  cursor: unknown,
): Promise<{ back: Player; missed: EventFrame[] }> {
  const back = await Player.open(owner.url, room);
  back.hello({ client_id: player.clientId, token: player.token, resume: cursor });
  const welcome = await back.next('welcome');
  if (welcome.resumed) {
    await until('all missed events', () => back.cursor?.seq === welcome.seq && back.cursor.digest === welcome.digest);
    back.send({ type: 'ping' });
    await back.next('pong');
  }
  return { back, missed: eventsOf(back) };
}

test('who drops gets exactly the missing events, as if nothing had been', async () => {
  const room = await newRoom();
  const players = await startMatch(room);
  await playOn(players);
  const stays = await onTurn(players);
  const [leaves] = players.filter((player) => player !== stays);
  if (!leaves || !stays) throw new Error('nobody on turn');
  const cursor = leaves.cursor;
  await leaves.drop();
  await stays.ask(stays.legal[0] as object);
  const { back, missed } = await comeBack(room, leaves, cursor);
  const welcome = back.frames[0];
  expect(welcome).toMatchObject({ type: 'welcome', resumed: true, seat: leaves.seat });
  expect(welcome).not.toHaveProperty('view');
  expect(welcome).not.toHaveProperty('token');
  const live = eventsOf(stays).filter(({ seq }) => seq > (cursor?.seq ?? 0));
  expect(live.length).toBeGreaterThan(0);
  expect(missed.map(essence)).toEqual(live.map(essence));
});

test('every cursor of the kept history gives the rest of it; one of another history gives the whole view', async () => {
  const room = await newRoom({ target_points: 3, play_all_tricks: true });
  const players = await startMatch(room);
  const [player] = players;
  if (!player) throw new Error('not seated');
  await playOut(players);
  // The log is cut at every 64th entry, but for the last 128.
  while ((player.cursor?.seq ?? 0) < 200) {
    await player.ask({ type: 'start' });
    await playOut(players);
  }
  const live = eventsOf(player);
  const end = live.at(-1);
  if (!end) throw new Error('no events');

  const kept = [0, 1, 2, 20, 100].map((missing) => live.at(-1 - missing) ?? end);
  for (const from of kept) {
    const { back, missed } = await comeBack(room, player, cursorOf(from));
    expect(back.frames[0]).toMatchObject({ resumed: true });
    expect(missed.map(essence)).toEqual(live.filter(({ seq }) => seq > from.seq).map(essence));
    expect(missed.slice(0, -1).every(({ deadline, legal }) => deadline === null && legal === undefined)).toBe(true);
  }

  const first = live[0] ?? end;
  const wrong: [name: string, cursor: Cursor | object][] = [
    ['wrong digest', { ...cursorOf(end), digest: '0123456789abcdef' }],
    ['no digest', { ...cursorOf(end), digest: '' }],
    ['in the future', { ...cursorOf(end), seq: end.seq + 1 }],
    ['far in the future', { ...cursorOf(end), seq: 2 ** 50 }],
    ['a later owner', { ...cursorOf(end), epoch: 99 }],
    ['the digest of another entry', { ...cursorOf(end), digest: first.digest }],
    ['too old', cursorOf(first)],
  ];
  for (const [name, cursor] of wrong) {
    const { back, missed } = await comeBack(room, player, cursor);
    expect([name, back.frames[0]]).toMatchObject([name, { resumed: false, seq: end.seq, digest: end.digest }]);
    expect(back.frames[0]).toHaveProperty('view.status', 'finished');
    expect(missed).toEqual([]);
  }
});

const cursorOf = ({ epoch, seq, digest }: EventFrame): Cursor => ({ epoch, seq, digest });

test('who comes to an instance that does not own the room is passed on to the owner, without noticing', async () => {
  const room = await newRoom({ target_points: 1 });
  const before = await Promise.all([forwards(other, 'websocket'), forwards(other, 'http')]);
  const players = await startMatch(room, [owner.url, other.url]);
  expect(await forwards(other, 'websocket')).toBe((before[0] ?? 0) + 2);
  expect(await forwards(owner, 'websocket')).toBe(0);

  const here = await (await fetch(`${baseOf(owner)}/api/room?room_code=${room}`)).json();
  const there = await (await fetch(`${baseOf(other)}/api/room?room_code=${room}`)).json();
  expect(there).toEqual(here);
  const player = await onTurn(players);
  const answer = await fetch(`${baseOf(other)}/api/room/commands?room_code=${room}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${player?.token}` },
    body: JSON.stringify({ id: '900-http', command: player?.legal[0] }),
  });
  expect([answer.status, await answer.json()]).toEqual([200, { seq: expect.any(Number) }]);
  expect(await forwards(other, 'http')).toBe((before[1] ?? 0) + 2);
  await playOut(players);
});

test('a forwarded request is served or refused, never forwarded again', async () => {
  const room = await newRoom();
  await Player.join(owner.url, room);
  const before = await Promise.all([forwards(other, 'websocket'), forwards(other, 'http')]);

  const stranded = await Player.open(other.url, room, { [FORWARDED]: SECRET });
  stranded.hello();
  expect(await stranded.end()).toEqual({ code: 1012, reason: 'MOVED' });
  const refused = await fetch(`${baseOf(other)}/api/room?room_code=${room}`, { headers: { [FORWARDED]: SECRET } });
  expect(refused.headers.get('retry-after')).toBe('1');
  expect([refused.status, await refused.json()]).toMatchObject([
    503,
    { error: { code: 'OWNER_UNREACHABLE', retry: true } },
  ]);
  expect(await Promise.all([forwards(other, 'websocket'), forwards(other, 'http')])).toEqual(before);

  await Player.join(owner.url, room, {}, { [FORWARDED]: SECRET });
  const served = await fetch(`${baseOf(owner)}/api/room?room_code=${room}`, { headers: { [FORWARDED]: SECRET } });
  expect(served.status).toBe(200);
});

test('an owner that is gone and whose address is now another instance makes no loop', async () => {
  const room = await newRoom();
  await redis.hset(KEYS.roomMeta(room), 'owner', 'game-GONE0000', 'address', `127.0.0.1:${other.port}`, 'epoch', '3');
  const player = await Player.join(owner.url, room);
  expect(player.cursor?.epoch).toBe(4);
  expect(await redis.hget(KEYS.roomMeta(room), 'owner')).toBe(other.id);
});

test('a client cannot forge the header of a forwarded request', async () => {
  const room = await newRoom();
  await Player.join(owner.url, room);
  const forged: string[][] = [['guess'], [''], [SECRET.toUpperCase()], [`${SECRET}x`], ['guess', SECRET]];
  for (const values of forged) {
    const before = await forwards(other, 'http');
    const headers = { [FORWARDED]: values };
    await (await Player.join(other.url, room, { spectate: true }, headers)).drop();
    expect(await statusOf(`${baseOf(other)}/api/room?room_code=${room}`, headers)).toBe(200);
    expect(await forwards(other, 'http')).toBe(before + 1);
  }
});

/** `fetch` would join repeated headers. */
function statusOf(url: string, headers: Record<string, string[]>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, { headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test('a second connection of the same client replaces the first; of another device, it says so', async () => {
  const room = await newRoom();
  const first = await Player.join(owner.url, room);
  const second = await Player.join(other.url, room, { client_id: first.clientId, token: first.token });
  expect(await first.end()).toEqual({ code: 4002, reason: 'SOCKET_REPLACED' });
  const device = await Player.join(owner.url, room, { token: first.token });
  expect(await second.end()).toEqual({ code: 4001, reason: 'SEAT_REPLACED' });
  expect(second.frames.at(-1)).toMatchObject({ type: 'error', code: 'SEAT_REPLACED', retry: false });
  expect([first.seat, second.seat, device.seat]).toEqual([0, 0, 0]);
  expect(await device.next('presence')).toMatchObject({ seats: [true, false, false, false] });
  expect(await device.ask({ type: 'add_bot', seat: 1 })).toMatchObject({ type: 'ack' });
});

test('a newcomer whose welcome was lost finds the seat again by the token it proposed', async () => {
  const code = await newRoom();
  const proposed_token = 'a-token-of-the-clients-own-making';
  const first = await Player.join(owner.url, code, { proposed_token });
  expect(first.token).toBe(proposed_token);
  const again = await Player.join(owner.url, code, { proposed_token });
  expect(again.seat).toBe(first.seat);
  const other = await Player.join(owner.url, code, { proposed_token: 'a-token-of-somebody-else-altogether' });
  expect(other.seat).not.toBe(first.seat);
});

test('the token of another room opens nothing', async () => {
  await untilCertain(owner);
  const [mine, foreign] = [await newRoom(), await newRoom()];
  const player = await Player.join(owner.url, mine);
  const intruder = await Player.open(owner.url, foreign);
  intruder.hello({ token: player.token });
  expect(await intruder.next('error')).toMatchObject({ code: 'WRONG_TOKEN' });
  expect(await intruder.end()).toEqual({ code: 4401, reason: 'WRONG_TOKEN' });
  const response = await fetch(`${baseOf(owner)}/api/room/commands?room_code=${foreign}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${player.token}` },
    body: JSON.stringify({ id: '1-x', command: { type: 'leave' } }),
  });
  expect(response.status).toBe(403);
});

test('a player who stays away is held, then played for by a bot, and gets the seat back', async () => {
  const impatient = await cluster.add({ HOKM_HOLD_MS: '150' });
  const room = await createRoom(baseOf(impatient), { options: { target_points: 1 } });
  const players = await startMatch(room, [impatient.url]);
  const [host, away] = players;
  if (!host || !away) throw new Error('not seated');
  const goneAt = Date.now();
  await away.drop();
  expect(await host.next('presence', ({ seats }) => seats[1] === false)).toBeTruthy();
  const substituted = await host.next('event', ({ events }) => events.some(({ type }) => type === 'bot_substituted'));
  expect(substituted.events).toEqual([{ type: 'bot_substituted', seat: 1 }]);
  expect(substituted.at).toBeGreaterThanOrEqual(goneAt + 100);
  const room1 = (await (await fetch(`${baseOf(impatient)}/api/room?room_code=${room}`)).json()) as { view: object };
  expect(room1.view).toHaveProperty('seats.1', { name: 'Player 1', bot: false, substituted: true });

  const back = await Player.join(impatient.url, room, { client_id: away.clientId, token: away.token });
  expect(back.seat).toBe(1);
  const returned = await host.next('event', ({ events }) => events.some(({ type }) => type === 'player_returned'));
  expect(returned.events).toEqual([{ type: 'player_returned', seat: 1 }]);
  expect(back.frames.find(({ type }) => type === 'welcome')).toHaveProperty('view.seats.1.substituted', false);
});

test('a connection that ends before its hello is stored leaves no ghost at the table', async () => {
  const room = await newRoom();
  const witness = await Player.join(owner.url, room, { spectate: true });
  const connections = () => metric(owner, /^hokm_connections\{[^}]*\} (\d+)/m);
  const before = await connections();
  cluster.redis.process.kill('SIGSTOP');
  const stream = new AbortController();
  const asked = fetch(`${baseOf(owner)}/api/room/events?room_code=${room}`, {
    headers: { accept: 'text/event-stream' },
    signal: stream.signal,
  }).catch(() => 'aborted');
  const fleeting = await Player.open(owner.url, room);
  fleeting.hello();
  await witness.next('notice', ({ kind }) => kind === 'frozen');
  await fleeting.drop();
  stream.abort();
  expect(await asked).toBe('aborted');
  await until('the server has seen it end', async () => (await connections()) === before);
  cluster.redis.process.kill('SIGCONT');
  await witness.next('notice', ({ kind }) => kind === 'resumed');
  await until('nobody but the witness is there', () => {
    const presence = witness.frames.findLast((frame) => frame.type === 'presence');
    return presence?.type === 'presence' && !presence.seats.includes(true) && presence.spectators === 1;
  });
});

test('connections that end while their room is being opened leave nobody at the table', async () => {
  const room = await newRoom();
  cluster.redis.process.kill('SIGSTOP');
  const players = await Promise.all(Array.from({ length: 3 }, () => Player.open(owner.url, room)));
  for (const player of players) player.hello();
  await Promise.all(players.map((player) => player.drop()));
  const streams = Array.from({ length: 20 }, () => {
    const stream = new AbortController();
    const headers = { accept: 'text/event-stream' };
    const url = `${baseOf(owner)}/api/room/events?room_code=${room}`;
    const asked = fetch(url, { headers, signal: stream.signal }).catch(() => 'aborted');
    return { stream, asked };
  });
  // As good as sure: these are answered behind them.
  await Promise.all(streams.map(() => fetch(`${baseOf(owner)}/livez`)));
  for (const { stream } of streams) stream.abort();
  expect(await Promise.all(streams.map(({ asked }) => asked))).toEqual(streams.map(() => 'aborted'));
  cluster.redis.process.kill('SIGCONT');
  const witness = await Player.join(owner.url, room, { spectate: true });
  witness.send({ type: 'ping' });
  await witness.next('pong');
  const presence = witness.frames.findLast((frame) => frame.type === 'presence');
  expect(presence).toMatchObject({ seats: [false, false, false, false], spectators: 1 });
});

test('a stopped owner holds nobody: the upgrade is answered at once, and the room is played elsewhere soon', async () => {
  const frozen = await cluster.add({ HOKM_HEARTBEAT_MS: '300', HOKM_LEASE_MS: '1500' });
  const room = await createRoom(baseOf(frozen));
  const player = await Player.join(frozen.url, room);
  frozen.process.kill('SIGSTOP');
  const stoppedAt = performance.now();
  const back = await until('another instance plays the room', async () => {
    const openedAt = performance.now();
    const next = await Player.open(other.url, room);
    expect(performance.now() - openedAt).toBeLessThan(1_000);
    next.hello({ client_id: player.clientId, token: player.token, resume: player.cursor });
    await until('an answer', () => next.closed !== undefined || next.frames.length > 0);
    return next.frames.length > 0 && next;
  });
  expect(performance.now() - stoppedAt).toBeLessThan(5_000);
  expect(back).toMatchObject({ seat: 0, cursor: { epoch: 2 } });
  frozen.process.kill('SIGCONT');
  expect(await player.end()).toMatchObject({ code: 1012 });
});

test('what is kept of a seat goes soon after the seat was given up', async () => {
  const [kept, given] = (await seatFour([owner.url], await newRoom())) as [Player, Player];
  const ttlOf = (player: Player) => {
    const hash = createHash('sha256').update(player.token).digest('hex');
    return redis.pttl(KEYS.seat(hash));
  };
  await until('the seats are noted', async () => (await ttlOf(given)) > 600_000);
  given.send({ type: 'command', id: '900-bye', command: { type: 'leave' } });
  await until('the seat is forgotten soon', async () => (await ttlOf(given)) <= 600_000);
  expect(await ttlOf(given)).toBeGreaterThan(0);
  expect(await ttlOf(kept)).toBeGreaterThan(600_000);
});
