/** Event streams and other reads over real connections: nobody is told what is not so, nobody is missed or kept for ever. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { whenGone } from '../../src/edge/gone.js';
import { RoomReads } from '../../src/edge/room-reads.js';
import { CatalogueError, errors } from '../../src/errors.js';
import type { Seq } from '../../src/protocol/ids.js';
import { openRoom, type RoomChanges } from '../room/rooms.js';
import { held } from '../room/scripted-store.js';
import { ADD, KICK, Stage } from '../room/stage.js';
import { settled } from '../support/manual-clock.js';
import { until } from '../support/programs.js';
import { Raw } from './raw.js';

const START = 0 as Seq;

let stage: Stage;
let reads: RoomReads;
let server: Server;
let responses: ServerResponse[];
/** What a request waits for before it reaches the room. */
let opening: Promise<unknown>;
let handled: number;

/** The server's part that finds the room and turns errors into answers is elsewhere. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  responses.push(response);
  const after = Number(new URL(request.url ?? '', 'http://host').searchParams.get('after') ?? 0) as Seq;
  try {
    await opening;
    await reads.follow(stage.mailbox, { response, whenGone: (then) => whenGone(request, response, then) }, after);
  } catch (error) {
    const code = error instanceof CatalogueError ? error.code : 'INTERNAL';
    response.writeHead(errors[code].http).end(code);
  }
  handled += 1;
}

beforeEach(async () => {
  await begin();
  [responses, opening, handled] = [[], Promise.resolve(), 0];
  server = createServer((request, response) => void answer(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function begin(changes: RoomChanges = {}): Promise<void> {
  stage = await Stage.open({}, changes);
  reads = new RoomReads({ store: stage.store, clock: stage.clock, lostLately: async () => false });
}

const ask = (after = 0) =>
  new Raw((server.address() as AddressInfo).port, `GET /?after=${after} HTTP/1.1\r\nHost: localhost\r\n\r\n`);

/** The ids of the entries that a stream has told so far. */
const idsOf = ({ text }: Raw) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
const told = (raw: Raw, count: number) =>
  until(`${count} entries are told, not ${idsOf(raw)}`, () => idsOf(raw).length >= count && idsOf(raw));
const followers = () => stage.mailbox.presence.spectators;

describe('a stream whose reader does not read', () => {
  test('ends with its own connection alone when the room moves', async () => {
    const [ana] = await stage.players('Ana');
    const stalled = ask();
    await told(stalled, 1);
    stalled.socket.pause();
    const [response] = responses;
    // As much as the kernel takes on both sides, and more.
    response?.write('x'.repeat(900_000));
    response?.write('x'.repeat(8_000_000));
    await stage.mailbox.seal();
    stage.mailbox.moved();
    expect(ana?.closed).toBe('MOVED');
    // The time of several comments.
    await stage.clock.advance(60_000);
    await until('the connection is given up', () => response?.destroyed);
    expect(stage.clock.timers).toBe(0);
  });

  test('is cut off when more waits for it than it may have, by comments too', async () => {
    await stage.players('Ana');
    const stalled = ask();
    await told(stalled, 1);
    stalled.socket.pause();
    responses[0]?.write('x'.repeat(10_000_000));
    await stage.clock.advance(15_000);
    await until('the connection is given up', () => responses[0]?.destroyed);
    await until('it is nobody any more', () => followers() === 0);
  });
});

test('a request that has ended before its stream began attaches nobody', async () => {
  await stage.players('Ana');
  let open: (value?: unknown) => void = () => undefined;
  opening = new Promise((resolve) => {
    open = resolve;
  });
  const asked = Array.from({ length: 100 }, () => ask());
  await until('all have come', () => responses.length === 100);
  for (const { socket } of asked) socket.destroy();
  await until('all have left', () => responses.every((response) => response.destroyed));
  open();
  await until('all are handled', () => handled === 100);
  await stage.clock.advance(1_000);
  expect([followers(), stage.mailbox.connections]).toEqual([0, 1]);
});

test('a request behind another on its connection is no follower after the connection has ended', async () => {
  await stage.players('Ana');
  const line = 'GET /?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const both = new Raw((server.address() as AddressInfo).port, line + line);
  await until('both follow', () => followers() === 2);
  both.socket.destroy();
  await until('neither does', () => followers() === 0);
});

test('a stream that is opened while entries are being stored tells each once, in order', async () => {
  const [ana] = await stage.players('Ana');
  const streams: Raw[] = [];
  for (let round = 0; round < 20; round++) {
    const { fault, open } = held();
    stage.store.script.commit.push(fault);
    ana?.command(ADD(1));
    await settled();
    streams.push(ask());
    await until('it is asked', () => responses.length === streams.length);
    ana?.command(KICK(1));
    open();
    await stage.clock.advance(10);
  }
  const all = Array.from({ length: 41 }, (_, at) => at + 1);
  for (const stream of streams) expect(await told(stream, 41)).toEqual(all);
});

test('an entry that is stored but not yet safe is told by no door', async () => {
  const [ana] = await stage.players('Ana');
  await reads.page(stage.mailbox, START);
  const stream = ask();
  await told(stream, 1);
  const { fault, open } = held();
  stage.store.script.commit.push(fault);
  ana?.command(ADD(1));
  await until('the store has it', async () => (await stage.seqs()).length === 2);
  const later = ask();
  const answers = [
    reads.page(stage.mailbox, START).then(({ text }) => JSON.parse(text).entries.length as number),
    reads.view(stage.mailbox).then(({ seq }) => seq as number),
  ];
  const first = await Promise.race([...answers, stage.clock.advance(100).then(() => 'nothing yet')]);
  expect([first, idsOf(stream), idsOf(later)]).toEqual(['nothing yet', [1], []]);
  open();
  expect(await Promise.all(answers)).toEqual([2, 2]);
  expect(await told(stream, 2)).toEqual([1, 2]);
  expect(await told(later, 2)).toEqual([1, 2]);
});

test('an instance that does not play a room tells of it only when nobody owns it', async () => {
  const [ana] = await stage.players('Ana');
  expect(await reads.unownedPage(stage.code, START)).toBeUndefined();
  ana?.command(ADD(1));
  await stage.clock.advance(100);
  await stage.mailbox.release(60_000);
  const page = await reads.unownedPage(stage.code, START);
  expect(JSON.parse(page?.text ?? '')).toMatchObject({ seq: 2, entries: [{ seq: 1 }, { seq: 2 }] });
});

test('an owner that was replaced without knowing shows nothing from its memory', async () => {
  await stage.players('Ana');
  await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
  await stage.clock.advance(1);
  const refused = { code: 'MOVED' };
  await expect(reads.view(stage.mailbox)).rejects.toMatchObject(refused);
  await expect(reads.page(stage.mailbox, START)).rejects.toMatchObject(refused);
  expect(await ask().ended().catch(String)).toMatch(/^HTTP\/1\.1 503 [\s\S]*MOVED/);
});

test("a thousand reads ask the store twice, and fill nobody's queue", async () => {
  const [ana] = await stage.players('Ana');
  const before = stage.store.checks;
  const { fault, open } = held();
  stage.store.script.check.push(fault);
  const views = Array.from({ length: 400 }, () => reads.view(stage.mailbox));
  await stage.clock.advance(10);
  expect(ana?.closed).toBeUndefined();
  open();
  expect(new Set((await Promise.all(views)).map(({ seq }) => seq))).toEqual(new Set([1]));
  expect(stage.store.checks - before).toBeLessThanOrEqual(2);
});

describe('a follower whose entries are gone', () => {
  beforeEach(async () => {
    await begin({ logKeep: 0 });
    const [ana] = await stage.players('Ana');
    for (let times = 0; times < 130; times++) {
      ana?.command(ADD(1));
      ana?.command(KICK(1));
      await stage.clock.advance(10);
    }
    expect(stage.store.snapshots.length).toBeGreaterThan(1);
  });

  test.each([0, 1_000])('after %d starts from the whole view, and follows from there', async (after) => {
    const { seq } = stage.mailbox.position;
    const stream = ask(after);
    await told(stream, 1);
    expect(stream.text).toContain(`id: ${seq}\ndata: {"type":"snapshot","now":`);
    const [bo] = await stage.players('Bo');
    expect(bo?.welcome?.seat).toBe(1);
    expect(await told(stream, 2)).toEqual([seq, seq + 1]);
  });

  test('is told the rest when all of it is still there', async () => {
    const { seq } = stage.mailbox.position;
    const stream = ask(seq - 100);
    expect(await told(stream, 100)).toEqual(Array.from({ length: 100 }, (_, at) => seq - 99 + at));
  });
});

test('a stream that cannot be admitted is refused with a status', async () => {
  await stage.players('Ana');
  const many = Array.from({ length: 100 }, () => ask());
  await until('the room is full', () => followers() === 100);
  const refused = ask();
  await until('it is answered', () => refused.text !== '');
  expect(refused.text).toMatch(/^HTTP\/1\.1 503 [\s\S]*SPECTATORS_FULL/);
  for (const { socket } of many) socket.destroy();
  await until('all have left', () => followers() === 0);
});
