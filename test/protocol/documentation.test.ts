/** The documentation of the wire against the code, and every example of it against running instances. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  HELLO_TIMEOUT_MS,
  MAX_BODY_BYTES,
  MAX_BUFFERED_BYTES,
  MAX_EARLY_MESSAGES,
  MAX_FRAME_BYTES,
  TALK_BURST,
  TALK_EVERY_MS,
} from '../../src/edge/limits.js';
import { errors } from '../../src/errors.js';
import type { Command } from '../../src/game/hokm/command.js';
import { commandSchema } from '../../src/game/hokm/command.js';
import type { PublicEvent } from '../../src/game/hokm/event.js';
import { optionsSchema } from '../../src/game/hokm/options.js';
import { emptyTable } from '../../src/game/hokm/table.js';
import {
  type ClientIn,
  type Hello,
  isRoomCommand,
  PHRASES,
  PROTOCOL_VERSION,
  parseClientFrame,
  parseRoomCommand,
  type RoomCommand,
} from '../../src/protocol/client-in.js';
import type { ClientOut, EventFrame } from '../../src/protocol/client-out.js';
import { WINDOW } from '../../src/room/commands.js';
import type { RoomEvent } from '../../src/room/state.js';
import { onTurn, Player, playOn, playOut, seatFour } from '../edge/player.js';
import { createRoom, startCluster, type TestCluster } from '../support/cluster.js';
import { testConfig } from '../support/config.js';
import { type Example, examplesOf, page, tableUnder } from './page.js';

// Records, so that the compiler asks for every member of the unions, and for no other.
const CLIENT_IN: Record<ClientIn['type'], true> = { hello: true, command: true, say: true, ping: true };
const CLIENT_OUT: Record<ClientOut['type'], true> = {
  welcome: true,
  event: true,
  ack: true,
  error: true,
  snapshot: true,
  presence: true,
  notice: true,
  said: true,
  pong: true,
};
const COMMANDS: Record<RoomCommand['type'] | Command['type'], true> = {
  start: true,
  choose_seat: true,
  swap_seats: true,
  add_bot: true,
  kick: true,
  leave: true,
  claim_forfeit: true,
  name_trump: true,
  play: true,
  redeal: true,
};
const EVENTS: Record<RoomEvent['type'] | PublicEvent['type'], true> = {
  seat_taken: true,
  seat_left: true,
  seat_changed: true,
  swap_wished: true,
  seats_swapped: true,
  host_changed: true,
  match_started: true,
  turn_timed_out: true,
  bot_substituted: true,
  player_returned: true,
  clock_moved: true,
  room_closed: true,
  hakem_drawn: true,
  hand_started: true,
  first_five_dealt: true,
  redeal_claimed: true,
  trump_named: true,
  rest_dealt: true,
  card_played: true,
  trick_won: true,
  hand_ended: true,
  match_ended: true,
};

const typesOf = (kind: string): string[] => [...new Set(examplesOf(kind).map(({ value }) => String(value.type)))];

test('every message, command and event has an example, and nothing else has', () => {
  expect(typesOf('client-in').toSorted()).toEqual(Object.keys(CLIENT_IN).toSorted());
  expect(typesOf('client-out').toSorted()).toEqual(Object.keys(CLIENT_OUT).toSorted());
  expect(typesOf('command').toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
  expect(typesOf('event').toSorted()).toEqual(Object.keys(EVENTS).toSorted());
});

test('examples are labelled with their type', () => {
  for (const kind of ['client-in', 'client-out', 'command', 'event']) {
    for (const { words, value } of examplesOf(kind)) expect(words[0]).toBe(value.type);
  }
});

test('every example of a message to the server is accepted, and would not be with one field more', () => {
  for (const { text, value } of examplesOf('client-in')) {
    expect(parseClientFrame(text)).toMatchObject({ ok: true, value: { type: value.type } });
    expect(parseClientFrame(JSON.stringify({ ...value, surplus: 1 }))).toMatchObject({ ok: false, code: 'BAD_FRAME' });
  }
});

test('every example of a command is accepted', () => {
  for (const { value } of examplesOf('command')) {
    const type = String(value.type);
    expect(isRoomCommand(type) ? parseRoomCommand(value) : commandSchema.parse(value)).toEqual(value);
  }
});

test('versions, phrases, reasons, options, fields of the table and error codes are named', () => {
  expect(page).toContain(`# The wire, version ${PROTOCOL_VERSION}`);
  for (const phrase of PHRASES) expect(page).toContain(`\`${phrase}\``);
  const table = emptyTable(optionsSchema.parse({}));
  for (const name of [...Object.keys(table), ...Object.keys(table.options), ...Object.keys(errors)]) {
    expect(page).toMatch(new RegExp(`\`${name}\`|"${name}"`));
  }
});

const HELLO: Record<Exclude<keyof Hello, 'type'>, true> = {
  v: true,
  client_id: true,
  name: true,
  token: true,
  proposed_token: true,
  seat: true,
  spectate: true,
  moves: true,
  resume: true,
};

test('every field of hello is explained', () => {
  const explained = tableUnder('hello').map(([field = '']) => field.replaceAll('`', ''));
  expect(explained.toSorted()).toEqual(Object.keys(HELLO).toSorted());
});

test('limits and waits are those of the code', () => {
  const limits = tableUnder('Limits').map(([what, most]) => `${what}: ${most}`);
  const config = testConfig('redis://127.0.0.1');
  const rate = config.HOKM_MESSAGE_RATE;
  expect(limits).toEqual(
    expect.arrayContaining([
      `one message: ${MAX_FRAME_BYTES} bytes`,
      `HTTP body: ${MAX_BODY_BYTES} bytes`,
      `messages of one connection: ${rate} a second, ${2 * rate} at once`,
      `texts said on one connection: ${TALK_BURST} at once, then one every ${TALK_EVERY_MS / 1_000} s`,
      `messages before \`welcome\`: ${MAX_EARLY_MESSAGES}`,
      `time until \`hello\`: ${HELLO_TIMEOUT_MS / 1_000} s`,
      `what waits for a client that does not read: ${MAX_BUFFERED_BYTES / 2 ** 20} MiB`,
    ]),
  );
  for (const text of [
    `the last ${WINDOW} ids`,
    `unanswered for ${config.HOKM_PING_MS / 1_000} s`,
    `away for ${config.HOKM_HOLD_MS / 1_000} s`,
    `closed after ${config.HOKM_IDLE_ROOM_MS / 60_000} minutes`,
    `the last ${config.HOKM_LOG_KEEP} entries`,
    `(${config.HOKM_TURN_MS})`,
  ]) {
    expect(page).toContain(text);
  }
});

let cluster: TestCluster;
let base: string;
let url: string;
const heard: ClientOut[] = [];

beforeAll(async () => {
  cluster = await startCluster(1);
  url = cluster.instances[0]?.url ?? '';
  base = `http://127.0.0.1:${cluster.instances[0]?.port}`;
});
afterAll(() => cluster.stop());

/** Redeals are rare: an opening hand without a card above ten comes once in seven deals. */
const REDEAL_ROOMS = 80;

async function table(options: object = {}): Promise<Player[]> {
  return seatFour([url], await createRoom(base, { options }));
}

async function started(options: object = {}): Promise<Player[]> {
  const players = await table(options);
  await players[0]?.ask({ type: 'start' });
  await onTurn(players);
  return players;
}

async function acting(players: readonly Player[]): Promise<Player> {
  const player = await onTurn(players);
  if (player === undefined) throw new Error('the match is over');
  return player;
}

async function mayRedeal(): Promise<Player> {
  for (let room = 0; room < REDEAL_ROOMS; room++) {
    const players = await started({ redeal_right: true });
    const hakem = await acting(players);
    if (hakem.legal.some((command) => (command as { type: string }).type === 'redeal')) return hakem;
    for (const player of players) player.socket.terminate();
  }
  throw new Error('no hakem had the right to a new deal');
}

const only = (player: Player | undefined): Player => {
  if (player === undefined) throw new Error('no such player');
  return player;
};

/** Who is in a position to give each command of the page. */
const POSITIONS: Record<string, () => Promise<Player>> = {
  start: async () => only((await table())[0]),
  choose_seat: async () => Player.join(url, await createRoom(base)),
  add_bot: async () => Player.join(url, await createRoom(base)),
  kick: async () => only((await table())[0]),
  swap_seats: async () => only((await table())[0]),
  claim_forfeit: async () => {
    const [host, ...others] = await table();
    await host?.ask({ type: 'start' });
    for (const at of [0, 2]) await others[at]?.ask({ type: 'leave' });
    return only(host);
  },
  leave: async () => only((await table())[1]),
  name_trump: async () => acting(await started()),
  play: async () => {
    const players = await started();
    await playOn(players);
    return acting(players);
  },
  redeal: mayRedeal,
};

test.each(examplesOf('command').map((example) => [example.words.join(' → '), example] as const))(
  'sent for real: command %s',
  async (_, { words: [type = '', answer], value }) => {
    const player = await (POSITIONS[type] ?? (() => Promise.reject(new Error(`no position for ${type}`))))();
    // The example cannot know which cards are dealt.
    const command = type === 'play' ? { ...value, card: player.hand[0] } : value;
    expect(await player.ask(command)).toMatchObject({ type: answer });
    heard.push(...player.frames);
  },
);

async function sendExample({ words: [type, answer = ''], value }: Example): Promise<void> {
  const room = await createRoom(base);
  const known = await Player.join(url, room);
  if (type === 'hello') {
    const earlier = await Player.join(url, room);
    const comer = await Player.open(url, room);
    const mine = 'token' in value ? { token: earlier.token, resume: earlier.cursor } : {};
    comer.send({ ...value, ...mine });
    expect(await comer.next(answer as 'welcome')).toMatchObject({ resumed: 'resume' in value });
    if ('spectate' in value) expect(comer.seat).toBeNull();
    if ('seat' in value) expect(comer.seat).toBe(value.seat);
    heard.push(...comer.frames);
    return;
  }
  known.send(value);
  await known.next(answer as ClientOut['type']);
  heard.push(...known.frames);
}

test.each(examplesOf('client-in').map((example) => [example.words.join(' → '), example.text, example] as const))(
  'sent for real: %s %s',
  (_, __, example) => sendExample(example),
);

test('the HTTP calls answer as documented', async () => {
  const bodyOf = (path: string) => examplesOf('http-in').find(({ words }) => words[1] === path)?.text ?? '';
  const created = await fetch(`${base}/api/rooms`, { method: 'POST', body: bodyOf('/api/rooms') });
  const room = (await created.clone().json()) as { room_code: string; ws_url: string };
  const player = await Player.join(room.ws_url.split('?')[0] ?? '', room.room_code);
  const at = (path: string, init: RequestInit = {}) => fetch(`${base}${path}?room_code=${room.room_code}`, init);
  const headers = { authorization: `Bearer ${player.token}` };
  const token = { ...(JSON.parse(bodyOf('/api/reconnect')) as object), token: player.token };
  const calls: Record<string, Response> = {
    'POST /api/rooms': created,
    'GET /api/rooms': await fetch(`${base}/api/rooms`),
    'GET /api/room': await at('/api/room'),
    'GET /api/room/events': await at('/api/room/events'),
    'POST /api/reconnect': await fetch(`${base}/api/reconnect`, { method: 'POST', body: JSON.stringify(token) }),
    'POST /api/room/commands': await at('/api/room/commands', {
      method: 'POST',
      headers,
      body: bodyOf('/api/room/commands'),
    }),
  };
  const documented = examplesOf('http-out');
  expect(documented.map(({ words }) => `${words[0]} ${words[1]}`)).toEqual(Object.keys(calls));
  for (const { words, value } of documented) {
    const [method, path, status] = words;
    const answer = calls[`${method} ${path}`];
    const body = (await answer?.json()) as Record<string, unknown>;
    expect([path, answer?.status, body]).toEqual([path, Number(status), expect.anything()]);
    expect([path, shapeOf(body)]).toEqual([path, shapeOf(value)]);
    if (value.view) expect(shapeOf(body.view as Record<string, unknown>)).toEqual(shapeOf(value.view as typeof value));
  }
});

test('the event stream tells the past, then what happens, as documented', async () => {
  const room = await createRoom(base);
  const player = await Player.join(url, room);
  await player.ask({ type: 'add_bot', seat: 1 });
  const stream = new AbortController();
  const response = await fetch(`${base}/api/room/events?room_code=${room}&after=1`, {
    headers: { accept: 'text/event-stream' },
    signal: stream.signal,
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let text = '';
  const readTo = async (seq: number) => {
    while (!text.includes(`id: ${seq}\n`) || !text.endsWith('\n\n'))
      text += decoder.decode((await reader?.read())?.value);
  };
  await readTo(2);
  await player.ask({ type: 'add_bot', seat: 2 });
  await readTo(3);
  stream.abort();
  const told = [...text.matchAll(/^id: (\d+)\ndata: (.*)$/gm)].map(([, id, data = '']) => ({
    id: Number(id),
    data: JSON.parse(data) as Record<string, unknown>,
  }));
  expect(told.map(({ id, data }) => [id, data.seq])).toEqual([
    [2, 2],
    [3, 3],
  ]);
  for (const { data } of told) expect(shapeOf(data)).toEqual(shapeOf(examplesOf('stream')[0]?.value ?? {}));
  await player.next('presence', ({ spectators }) => spectators === 1);
  await player.next('presence', ({ spectators }) => spectators === 0);
});

test('a short match with a pause of Redis has every documented message, and no field that is not documented', async () => {
  const players = await table({ target_points: 1 });
  const [host, guest] = players;
  if (!host || !guest) throw new Error('not seated');
  guest.send({ type: 'ping' });
  guest.send({ type: 'say', phrase: 'hello' });
  guest.send({ type: 'say', text: 'Salâm' });
  await guest.ask({ type: 'swap_seats', seat: 0 });
  await host.ask({ type: 'swap_seats', seat: 1 });
  await host.ask({ type: 'swap_seats', seat: 0 });
  await guest.ask({ type: 'swap_seats', seat: 1 });
  expect(await guest.ask({ type: 'start' })).toMatchObject({ code: 'NOT_HOST' });
  await host.ask({ type: 'start' });
  await playOut(players);
  cluster.redis.process.kill('SIGSTOP');
  const slow = host.ask({ type: 'kick', seat: 1 });
  await host.next('notice', ({ kind }) => kind === 'frozen');
  cluster.redis.process.kill('SIGCONT');
  await slow;
  await host.next('notice', ({ kind }) => kind === 'resumed');
  await host.ask({ type: 'choose_seat', seat: 1 }).then(() => host.next('snapshot'));
  for (const player of players) heard.push(...player.frames);

  expect([...new Set(heard.map(({ type }) => type))].toSorted()).toEqual(Object.keys(CLIENT_OUT).toSorted());
  const frameFields = documentedFields('client-out');
  const eventFields = documentedFields('event');
  for (const frame of heard) {
    expect([frame.type, undocumented(frame, frameFields)]).toEqual([frame.type, []]);
    const events = frame.type === 'event' ? (frame as EventFrame).events : [];
    for (const event of events) expect([event.type, undocumented(event, eventFields)]).toEqual([event.type, []]);
  }
});

function documentedFields(kind: string): Map<string, Set<string>> {
  const fields = new Map<string, Set<string>>();
  for (const { value } of examplesOf(kind)) {
    const known = fields.get(String(value.type)) ?? new Set<string>();
    for (const field of Object.keys(value)) known.add(field);
    fields.set(String(value.type), known);
  }
  return fields;
}

const undocumented = (message: { type: string }, fields: Map<string, Set<string>>): string[] =>
  Object.keys(message).filter((field) => !fields.get(message.type)?.has(field));

/** Names and types of a body's fields. */
const shapeOf = (body: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(body).map(([field, value]) => [field, typeof value]));
