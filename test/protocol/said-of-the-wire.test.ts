/** What the page says of things that an implementer asked about, against a running instance and whole matches. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { foldEvent } from '../../src/client/fold.js';
import type { View } from '../../src/game/hokm/view.js';
import type { EventFrame, RoomView } from '../../src/protocol/client-out.js';
import { Player, playOut, seatFour } from '../edge/player.js';
import { createRoom, startCluster, type TestCluster, untilCertain } from '../support/cluster.js';
import { until } from '../support/programs.js';
import { page, tableUnder } from './page.js';

let cluster: TestCluster;
let http = '';
let ws = '';

beforeAll(async () => {
  cluster = await startCluster(1, { HOKM_BOT_DELAY_MS: '20' });
  http = `http://127.0.0.1:${cluster.instances[0]?.port}`;
  ws = `${http.replace('http', 'ws')}/ws`;
});
afterAll(() => cluster.stop());

const hasWon = ({ events }: EventFrame) => events.some(({ type }) => type === 'trick_won');

const viewOf = async (room: string) =>
  ((await (await fetch(`${http}/api/room?room_code=${room}`)).json()) as { view: { table: View } }).view.table.table;

test('after a hand: commitment and trick are null, last_hand has the fields that the page names', async () => {
  const room = await createRoom(http, { options: { target_points: 1 } });
  const players = await seatFour([ws], room);
  await players[0]?.ask({ type: 'start' });
  await playOut(players);
  const table = await viewOf(room);
  expect([table.commitment, table.trick, table.phase]).toEqual([null, null, 'over']);
  expect(table.last_trick).not.toBeNull();
  const [, told = ''] = tableUnder('The table').find(([name]) => name === '`last_hand`') ?? [];
  const named = [...told.matchAll(/`(\w+)`/g)].map(([, name]) => name).filter((name) => name !== 'hand_ended');
  expect(Object.keys(table.last_hand ?? {}).toSorted()).toEqual(named.toSorted());
  expect(table.last_hand?.left).toHaveLength(4);
  for (const { socket } of players) socket.close();
});

test('between two tricks the trick is there, without cards; the deadline of a bot is told', async () => {
  const room = await createRoom(http, { turn_ms: 60_000 });
  const player = await Player.join(ws, room);
  const watcher = await Player.join(ws, room, { spectate: true });
  const [welcome] = watcher.frames.filter((frame) => frame.type === 'welcome');
  player.playsAlong = true;
  await player.ask({ type: 'start', fill_with_bots: true });
  const events = () => watcher.frames.filter((frame) => frame.type === 'event');
  await until('two tricks are won', () => events().filter(hasWon).length >= 2);
  player.playsAlong = false;
  let view = welcome?.view as RoomView;
  for (const frame of events()) {
    view = frame.events.reduce<RoomView>(foldEvent, view);
    const { table } = view.table as View;
    if (table.turn === null) continue;
    expect(frame.deadline).not.toBeNull();
    if (hasWon(frame)) expect(table.trick).toEqual({ leader: table.turn, cards: [] });
  }
  for (const { socket } of [player, watcher]) socket.close();
});

test('a spectator comes back where the last connection stopped, without a token', async () => {
  const room = await createRoom(http);
  const host = await Player.join(ws, room);
  const first = await Player.join(ws, room, { spectate: true });
  const { cursor } = first;
  await first.drop();
  await host.ask({ type: 'add_bot', seat: 1 });
  const again = await Player.open(ws, room);
  again.hello({ spectate: true, resume: cursor });
  expect(await again.next('welcome')).toMatchObject({ resumed: true, seat: null });
  expect(await again.next('event')).toMatchObject({ events: [{ type: 'seat_taken', seat: 1 }] });
  for (const { socket } of [host, again]) socket.close();
});

test('a leave whose answer was lost: the token is worth nothing on the next connection', async () => {
  const room = await createRoom(http);
  const host = await Player.join(ws, room);
  const guest = await Player.join(ws, room);
  guest.send({ type: 'command', id: guest.nextId(), command: { type: 'leave' } });
  await host.next('event', ({ events }) => events.some(({ type }) => type === 'seat_left'));
  await guest.drop();
  for (const instance of cluster.instances) await untilCertain(instance);
  const again = await Player.open(ws, room);
  again.hello({ token: guest.token });
  expect(await again.next('error')).toMatchObject({ code: 'WRONG_TOKEN' });
  expect((await again.end()).code).toBe(4401);
  host.socket.close();
});

test('who is kicked does not desert a match, who leaves does, until somebody takes the seat', async () => {
  const room = await createRoom(http, { turn_ms: 60_000 });
  const host = await Player.join(ws, room);
  const guests = [await Player.join(ws, room), await Player.join(ws, room)];
  await host.ask({ type: 'start', fill_with_bots: true });
  const deserted = async () =>
    ((await (await fetch(`${http}/api/room?room_code=${room}`)).json()) as { view: { deserted: number[] } }).view
      .deserted;
  await host.ask({ type: 'kick', seat: 2 });
  expect(await deserted()).toEqual([]);
  guests[0]?.send({ type: 'command', id: '1-x', command: { type: 'leave' } });
  await host.next('event', ({ events }) => events.some(({ type }) => type === 'seat_left'));
  await guests[0]?.end();
  expect(await deserted()).toEqual([1]);
  const next = await Player.join(ws, room, { seat: 1 });
  expect(await deserted()).toEqual([]);
  for (const { socket } of [host, next]) socket.close();
});

test('a page of the log beyond its end has no entries', async () => {
  const room = await createRoom(http);
  const host = await Player.join(ws, room);
  const answer = await fetch(`${http}/api/room/events?room_code=${room}&after=99`);
  expect(await answer.json()).toMatchObject({ room, seq: host.cursor?.seq, entries: [] });
  expect(page).toContain('After the end there is none.');
  host.socket.close();
});
