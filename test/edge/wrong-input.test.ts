// Holds I9 of src/README.md.
/** Every wrong thing that a client can send has one clear answer, and changes nothing for anybody else. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRoom, startCluster, type TestCluster, type TestInstance, untilCertain } from '../support/cluster.js';
import { until } from '../support/programs.js';
import { type CalmRoom, openCalmRoom, positionOf } from './calm-room.js';
import { type HelloFields, onTurn, Player, playOn, seatFour } from './player.js';
import { bytes, rawSocket } from './raw.js';

let cluster: TestCluster;
let instance: TestInstance;
let base: string;
let url: string;
/** The room of the tables below. */
let calm: CalmRoom;
/** Says nothing: it is opened first and looked at last. */
let silent: Player;

beforeAll(async () => {
  cluster = await startCluster(1);
  const [only] = cluster.instances;
  if (!only) throw new Error('no instance');
  instance = only;
  await untilCertain(instance);
  url = instance.url;
  base = `http://127.0.0.1:${instance.port}`;
  calm = await openCalmRoom(instance);
  silent = await Player.open(url, calm.code);
});
afterAll(() => cluster.stop());

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const command = (inner: string, id = '1-x') => `{"type":"command","id":${JSON.stringify(id)},"command":${inner}}`;

test.each<[name: string, frame: string, code: string, message: RegExp]>([
  ['an unknown message', '{"type":"fly"}', 'UNKNOWN_MESSAGE', /"fly"/],
  ['no type', '{}', 'UNKNOWN_MESSAGE', /type/],
  ['a type that every object has', '{"type":"toString"}', 'UNKNOWN_MESSAGE', /"toString"/],
  ['the prototype as type', '{"type":"__proto__"}', 'UNKNOWN_MESSAGE', /"__proto__"/],
  ['not JSON', 'hello', 'BAD_FRAME', /not JSON/],
  ['nothing', '', 'BAD_FRAME', /not JSON/],
  ['an array', '[{"type":"ping"}]', 'BAD_FRAME', /not a JSON object/],
  ['null', 'null', 'BAD_FRAME', /not a JSON object/],
  ['a number', '1', 'BAD_FRAME', /not a JSON object/],
  ['deep nesting', deep(2_000), 'BAD_FRAME', /not a JSON object/],
  ['deep nesting in a field', `{"type":"ping","x":${deep(2_000)}}`, 'BAD_FRAME', /"x"/],
  ['a field too many', '{"type":"ping","x":1}', 'BAD_FRAME', /"x"/],
  ['a prototype as a field', '{"type":"ping","__proto__":{"type":"say"}}', 'BAD_FRAME', /__proto__/],
  ['an unknown phrase', '{"type":"say","phrase":"fool"}', 'BAD_FRAME', /phrase/],
  ['a command without id', '{"type":"command","command":{"type":"leave"}}', 'BAD_FRAME', /id/],
  ['an id without nonce', command('{"type":"leave"}', '1'), 'BAD_FRAME', /COUNTER-NONCE/],
  ['an id that counts from 0', command('{"type":"leave"}', '0-a'), 'BAD_FRAME', /COUNTER-NONCE/],
  ['an id that is too high', command('{"type":"leave"}', '1000000000-a'), 'BAD_FRAME', /COUNTER-NONCE/],
  ['a command that is text', command('"leave"'), 'BAD_FRAME', /command/],
  ['a second hello', '{"type":"hello","v":1,"client_id":"somebody-else"}', 'HELLO_REPEATED', /already/],
])('a message that cannot be read: %s', async (_, frame, code, message) => {
  await calm.changesNothing(async () => {
    calm.guest.send(frame);
    expect(await calm.guest.next('error')).toMatchObject({
      code,
      retry: false,
      message: expect.stringMatching(message),
    });
  });
});

test.each<[name: string, who: () => Player, command: object, code: string, message: RegExp]>([
  ['a spectator plays', () => calm.spectator, { type: 'play', card: 'AS' }, 'NOT_SEATED', /players/],
  ['a spectator starts', () => calm.spectator, { type: 'start' }, 'NOT_SEATED', /players/],
  ['a guest starts', () => calm.guest, { type: 'start' }, 'NOT_HOST', /host/],
  ['a guest adds a bot', () => calm.guest, { type: 'add_bot', seat: 3 }, 'NOT_HOST', /host/],
  ['a guest kicks', () => calm.guest, { type: 'kick', seat: 0 }, 'NOT_HOST', /host/],
  ['the host kicks himself', () => calm.host, { type: 'kick', seat: 0 }, 'NOT_HOST', /host/],
  ['nobody is kicked', () => calm.host, { type: 'kick', seat: 3 }, 'NO_PLAYER', /player/],
  ['a start with empty seats', () => calm.host, { type: 'start' }, 'SEATS_EMPTY', /every seat/],
  [
    'a start with a wrong field',
    () => calm.host,
    { type: 'start', fill_with_bots: 'yes' },
    'BAD_FRAME',
    /fill_with_bots/,
  ],
  ['an occupied seat', () => calm.guest, { type: 'choose_seat', seat: 0 }, 'SEAT_TAKEN', /taken/],
  ['a seat that does not exist', () => calm.guest, { type: 'choose_seat', seat: 7 }, 'SEAT_TAKEN', /taken/],
  ['a seat that is none', () => calm.guest, { type: 'choose_seat', seat: -1 }, 'BAD_FRAME', /seat/],
  ['a place changed with nobody', () => calm.guest, { type: 'swap_seats', seat: 3 }, 'NO_PLAYER', /player/],
  ['a place changed with oneself', () => calm.guest, { type: 'swap_seats', seat: 1 }, 'NO_PLAYER', /player/],
  ['a place that is none', () => calm.guest, { type: 'swap_seats', seat: 8 }, 'BAD_FRAME', /seat/],
  ['a bot on an occupied seat', () => calm.host, { type: 'add_bot', seat: 1 }, 'SEAT_TAKEN', /taken/],
  ['a card before the match', () => calm.guest, { type: 'play', card: 'AS' }, 'NO_MATCH', /No match/],
  ['an unknown command', () => calm.guest, { type: 'fly' }, 'NO_MATCH', /No match/],
])('a command that is refused: %s', async (_, who, refused, code, message) => {
  await calm.changesNothing(async () => {
    expect(await who().ask(refused)).toMatchObject({ type: 'error', code, message: expect.stringMatching(message) });
  });
});

test('words of a player are cleaned, and too many are refused', async () => {
  await calm.changesNothing(async () => {
    const { guest, host } = calm;
    guest.send({ type: 'say', text: ` a\u202e\u0000b${'\u0301'.repeat(40)}\n ${'c'.repeat(300)}` });
    const cleaned = `a b\u0301\u0301\u0301 ${'c'.repeat(113)}`;
    expect(await host.next('said', (said) => 'text' in said)).toMatchObject({ seat: guest.seat, text: cleaned });
    for (const wrong of [{}, { text: '\u200c \u0007' }, { text: 'a', phrase: 'hello' }, { text: 'x'.repeat(501) }]) {
      guest.send({ type: 'say', ...wrong });
      expect(await guest.next('error')).toMatchObject({ code: 'BAD_FRAME' });
    }
    for (let times = 0; times < 4; times++) guest.send({ type: 'say', text: `${times}` });
    expect(await guest.next('error')).toMatchObject({ code: 'TALK_LIMITED', retry: true });
  });
});

test('a spectator cannot speak', async () => {
  await calm.changesNothing(async () => {
    calm.spectator.send({ type: 'say', phrase: 'hello' });
    expect(await calm.spectator.next('error')).toMatchObject({ code: 'NOT_SEATED' });
  });
});

const fragments = (count: number) =>
  Buffer.concat(Array.from({ length: count }, (_, at) => bytes(at === 0 ? 1 : 0, Buffer.from(' '), false)));

test.each<[name: string, data: () => Buffer, code: number, error: string | undefined]>([
  ['binary', () => bytes(2, Buffer.from('{"type":"ping"}')), 1003, 'BINARY_FRAME'],
  ['5 kB', () => bytes(1, Buffer.from(`{"type":"${'x'.repeat(5_000)}"}`)), 1009, undefined],
  ['bad UTF-8', () => bytes(1, Buffer.from([0x22, 0xc3, 0x28, 0x22])), 1007, undefined],
  ['17 fragments', () => fragments(17), 1008, undefined],
  ['an unknown opcode', () => bytes(3, Buffer.from('x')), 1002, undefined],
  ['no mask', () => Buffer.from([0x81, 0x02, 0x7b, 0x7d]), 1002, undefined],
])('a frame that ends the connection: %s', async (_, data, code, error) => {
  const player = await Player.join(url, calm.code, { spectate: true });
  await calm.changesNothing(async () => {
    rawSocket(player.socket).write(data());
    expect(await player.end()).toMatchObject({ code });
  });
  const last = player.frames.at(-1);
  if (error !== undefined) expect(last).toMatchObject({ type: 'error', code: error });
});

test.each<[name: string, hello: HelloFields, code: string, close: number]>([
  ['a wrong token', { token: 'not-a-token' }, 'WRONG_TOKEN', 4401],
  ['another version', { v: 2 }, 'VERSION_UNSUPPORTED', 4400],
  ['another version of another shape', { v: 2, shape: 'new' } as HelloFields, 'VERSION_UNSUPPORTED', 4400],
  ['an occupied seat', { seat: 0 }, 'SEAT_TAKEN', 4409],
  ['a seat that does not exist', { seat: 6 }, 'SEAT_TAKEN', 4409],
])('a hello that is refused: %s', async (_, hello, code, close) => {
  await calm.changesNothing(async () => {
    const player = await Player.open(url, calm.code);
    player.hello(hello);
    expect(await player.next('error')).toMatchObject({ code });
    expect(await player.end()).toEqual({ code: close, reason: code });
  });
});

test('the same answer for an unknown room and for a full one', async () => {
  const full = await createRoom(base);
  await seatFour([url], full);
  const answers = [];
  for (const code of ['7KQ2M9XZ', full]) {
    const player = await Player.open(url, code);
    player.hello();
    answers.push([await player.next('error'), await player.end()]);
  }
  expect(answers[0]).toMatchObject([{ code: 'ROOM_UNAVAILABLE' }, { code: 4404 }]);
  expect(answers[1]).toEqual(answers[0]);
});

test('a hello that cannot be read does not use up the connection', async () => {
  const player = await Player.open(url, calm.code);
  for (const fields of [{ client_id: 'short' }, { name: '\u202e\u0000' }, { resume: { epoch: 1 } }]) {
    player.hello(fields);
    expect(await player.next('error')).toMatchObject({ code: 'BAD_FRAME' });
  }
  player.hello({ spectate: true });
  await player.next('welcome');
  await player.drop();
});

test.each([
  { type: 'command', id: '1-x', command: { type: 'start' } },
  { type: 'say', phrase: 'hello' },
  { type: 'ping' },
])('before hello: $type', async (frame) => {
  await calm.changesNothing(async () => {
    const player = await Player.open(url, calm.code);
    player.send(frame);
    expect(await player.next('error')).toMatchObject({ code: 'HELLO_EXPECTED' });
    expect(await player.end()).toEqual({ code: 4400, reason: 'HELLO_EXPECTED' });
  });
});

test('moves against the rules are refused with the reason, and the match goes on', async () => {
  const code = await createRoom(base, { options: { target_points: 1 } });
  const players = await seatFour([url], code);
  await players[0]?.ask({ type: 'start' });
  const hakem = await onTurn(players);
  const other = players.find((player) => player !== hakem);
  const before = await positionOf(base, code);
  const refusals = [
    [other, { type: 'name_trump', trump: 'S' }, { code: 'NOT_YOUR_TURN', reason: 'NOT_YOUR_TURN' }],
    [hakem, { type: 'play', card: 'AS' }, { code: 'ILLEGAL_MOVE', reason: 'TRUMP_NOT_NAMED' }],
    [hakem, { type: 'name_trump', trump: 'naras' }, { code: 'ILLEGAL_MOVE', reason: 'MODE_NOT_ALLOWED' }],
    [hakem, { type: 'redeal' }, { code: 'ILLEGAL_MOVE', reason: 'REDEAL_NOT_ALLOWED' }],
    [hakem, { type: 'name_trump', trump: 'X' }, { code: 'BAD_FRAME' }],
    [hakem, { type: 'play', card: JSON.parse(deep(900)) }, { code: 'BAD_FRAME' }],
    [hakem, { type: 'fly' }, { code: 'BAD_FRAME' }],
    [players[0], { type: 'start' }, { code: 'MATCH_RUNNING' }],
    [players[1], { type: 'choose_seat', seat: 0 }, { code: 'MATCH_RUNNING' }],
  ] as const;
  for (const [player, wrong, answer] of refusals) expect(await player?.ask(wrong)).toMatchObject(answer);
  expect(await positionOf(base, code)).toEqual(before);

  await playOn(players);
  const leader = await onTurn(players);
  const foreign = players.find((player) => player !== leader)?.hand[0];
  expect(await leader?.ask({ type: 'play', card: foreign })).toMatchObject({ reason: 'CARD_NOT_HELD' });
  let refused = false;
  for (let going = true; going; going = await playOn(players)) {
    const player = await onTurn(players);
    const allowed = player?.legal.map((legal) => (legal as { card: string }).card);
    const card = player?.hand.find((held) => !allowed?.includes(held));
    if (refused || card === undefined) continue;
    expect(await player?.ask({ type: 'play', card })).toMatchObject({ reason: 'MUST_FOLLOW_SUIT' });
    refused = true;
  }
  expect(refused).toBe(true);
  expect(await players[0]?.ask({ type: 'play', card: 'AS' })).toMatchObject({ code: 'NO_MATCH' });
});

interface PublicLog {
  readonly entries: readonly { readonly seq: number; readonly events: readonly { readonly type: string }[] }[];
}

test('a command id that comes again has the same answer, and its command is in the log once', async () => {
  const code = await createRoom(base);
  const player = await Player.join(url, code);
  const first = await player.ask({ type: 'add_bot', seat: 2 }, '5-once');
  expect(first).toMatchObject({ type: 'ack' });
  for (let again = 0; again < 5; again++) {
    expect(await player.ask({ type: 'add_bot', seat: 2 }, '5-once')).toEqual(first);
  }
  const answer = await fetch(`${base}/api/room/commands?room_code=${code}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${player.token}` },
    body: JSON.stringify({ id: '5-once', command: { type: 'add_bot', seat: 2 } }),
  });
  expect(await answer.json()).toEqual({ seq: 'seq' in first ? first.seq : undefined });
  const refusal = await player.ask({ type: 'add_bot', seat: 2 }, '6-twice');
  expect(refusal).toMatchObject({ type: 'error', code: 'SEAT_TAKEN' });
  expect(await player.ask({ type: 'add_bot', seat: 2 }, '6-twice')).toEqual(refusal);

  const log = (await (await fetch(`${base}/api/room/events?room_code=${code}`)).json()) as PublicLog;
  const bots = log.entries
    .flatMap(({ events }) => events)
    .filter((event) => JSON.stringify(event).includes('"bot":true'));
  expect(bots).toHaveLength(1);
});

test('a command id older than the last 256 is stale', async () => {
  const code = await createRoom(base);
  const player = await Player.join(url, code);
  const ids = Array.from({ length: 258 }, (_, at) => `${at + 1}-old`);
  // In portions: a room lets only so many messages of one connection wait.
  while (ids.length > 0) {
    const portion = ids.splice(0, 30);
    for (const id of portion) player.send({ type: 'command', id, command: { type: 'redeal' } });
    await player.next('error', (error) => error.id === portion.at(-1));
  }
  expect(await player.ask({ type: 'redeal' }, '1-old')).toMatchObject({ code: 'STALE_COMMAND' });
  expect(await player.ask({ type: 'leave' }, '2-other')).toMatchObject({ code: 'STALE_COMMAND' });
  expect(await player.ask({ type: 'redeal' }, '258-old')).toMatchObject({ code: 'NO_MATCH' });
  expect(await player.ask({ type: 'add_bot', seat: 3 }, '259-new')).toMatchObject({ type: 'ack' });
});

test('a room that is over says so', async () => {
  const { url: shortLived, port } = await cluster.add({ HOKM_IDLE_ROOM_MS: '100' });
  const code = await createRoom(`http://127.0.0.1:${port}`);
  const player = await Player.join(shortLived, code);
  await player.drop();
  await until('the room is closed', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/room?room_code=${code}`);
    return ((await response.json()) as { view: { status: string } }).view.status === 'closed';
  });
  for (const hello of [{}, { token: player.token }, { spectate: true }]) {
    const late = await Player.open(shortLived, code);
    late.hello(hello);
    expect(await late.next('error')).toMatchObject({ code: 'ROOM_CLOSED' });
    expect(await late.end()).toEqual({ code: 4410, reason: 'ROOM_CLOSED' });
  }
});

test('who sends too much is cut off, even without taking part in closing; others at the table play on', async () => {
  const strict = await cluster.add({ HOKM_MESSAGE_RATE: '10' });
  const code = await createRoom(base);
  const quiet = await Player.join(strict.url, code);
  const noisy = await Player.join(strict.url, code);
  for (let count = 0; count < 40; count++) noisy.send({ type: 'ping' });
  expect(await noisy.next('error')).toMatchObject({ code: 'RATE_LIMITED', retry: true });
  expect(await noisy.end()).toEqual({ code: 4429, reason: 'RATE_LIMITED' });

  for (const opcode of [9, 10]) {
    const controlling = await Player.join(strict.url, code, { spectate: true });
    for (let count = 0; count < 40; count++) rawSocket(controlling.socket).write(bytes(opcode, Buffer.from('x')));
    expect(await controlling.end()).toEqual({ code: 4429, reason: 'RATE_LIMITED' });
  }

  const deaf = await Player.join(strict.url, code, { spectate: true });
  const socket = rawSocket(deaf.socket);
  socket.removeAllListeners('data');
  let endedAt: number | undefined;
  socket.on('close', () => {
    endedAt = performance.now();
  });
  const startedAt = performance.now();
  const ping = bytes(1, Buffer.from('{"type":"ping"}'));
  await until('the flood is cut off', () => {
    if (endedAt === undefined) socket.write(ping);
    return endedAt;
  });
  expect((endedAt ?? 0) - startedAt).toBeLessThan(4_000);
  quiet.send({ type: 'say', phrase: 'hello' });
  await quiet.next('said');
});

test('who says nothing is let go after 5 s', async () => {
  expect(await silent.end()).toEqual({ code: 4400, reason: 'HELLO_EXPECTED' });
  expect(silent.frames).toMatchObject([{ type: 'error', code: 'HELLO_EXPECTED' }]);
});

test('the instance is still the same process', () => {
  expect(instance.process.exitCode).toBeNull();
  expect(instance.process.signalCode).toBeNull();
});
