import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Card, DECK } from '../../src/game/cards.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import { startCluster, type TestCluster } from '../support/cluster.js';
import { end, spawnOwned, temporaryFolder, until } from '../support/programs.js';

const MAIN = fileURLToPath(new URL('dist/src/client/terminal/main.js', packageRoot));

interface Line {
  readonly seq: number;
  readonly digest: string;
  readonly epoch: number;
  readonly at: number;
  readonly events: readonly { readonly type: string; readonly [field: string]: unknown }[];
}

let cluster: TestCluster;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  cluster = await startCluster(2);
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => end(child)));
  await folder.remove();
});

/** Of the test that runs; those that a failed test left behind are ended after it. */
const children: ChildProcess[] = [];
function start(args: readonly string[], stdin: 'ignore' | 'pipe'): ChildProcess {
  const child = spawnOwned(process.execPath, [MAIN, ...args], { stdio: [stdin, 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

/** `npm run play` with a data folder that all players of the test share. */
function play(instance: number, ...args: string[]) {
  const url = `http://127.0.0.1:${cluster.instances[instance % 2]?.port}`;
  const child = start(['--url', url, '--data', folder.path, ...args], 'ignore');
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('no pipes');
  let out = '';
  stdout.on('data', (data) => {
    out += data;
  });
  const ended = Promise.all([text(stderr), once(child, 'close')]);
  return {
    child,
    printed: () => out,
    done: ended.then(([complaints, [code]]) => ({ out, complaints, code: code as number | null })),
  };
}

const file = (name: string) => join(folder.path, name);
const read = (name: string): Line[] =>
  readFileSync(file(name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Without what only some may see. */
const open = ({ seq, digest, epoch, at, events }: Line) => ({
  seq,
  digest,
  epoch,
  at,
  events: events.map(({ cards, hand, table, ...event }) =>
    event.type === 'hand_started' ? { ...event, hand } : event,
  ),
});

test('four processes play a match, a fifth watches; all transcripts agree', async () => {
  const room = await cluster.createRoom({ options: { target_points: 1 } });
  const watcher = play(0, '--room', room, '--spectate', '--transcript', file('watcher'));
  await until('the watcher is at the table', () => watcher.printed().includes(`Watching room ${room}.`));
  const names = ['first', 'second', 'third', 'fourth'];
  const players = names.map((name, at) =>
    play(at, '--room', room, '--bot', '--delay', '0', '--name', 'Sara', '--transcript', file(name)),
  );
  const results = await Promise.all([...players, watcher].map(({ done }) => done));

  for (const { code, complaints, out } of results) {
    expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
    expect(out).toMatch(/Match over: seats (0\+2|1\+3) win [123]:0\n$/);
  }
  const transcripts = names.map(read);
  const watched = read('watcher');
  const from = Math.max(...[...transcripts, watched].map((lines) => lines[0]?.seq ?? 0));
  const shared = (lines: Line[]) => lines.filter(({ seq }) => seq >= from).map(open);
  for (const lines of [...transcripts, watched]) {
    expect(shared(lines)).toEqual(shared(transcripts[0] ?? []));
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, at) => (lines[0]?.seq ?? 0) + at));
  }
  // The same events are on stdout, each with its seq.
  const printed = results[0]?.out.split('\n').filter((line) => /^\d+ /.test(line));
  expect(printed).toEqual(
    (transcripts[0] ?? []).flatMap(({ seq, events }) =>
      events.map((event) => `${seq} ${event.type} ${JSON.stringify(event)}`),
    ),
  );

  // Four different hands, and each player has seen one of them before its cards were played.
  const hands = transcripts.map(
    (lines) =>
      lines.flatMap(({ events }) => events).findLast((event) => event.hand && event.type === 'rest_dealt')
        ?.hand as Card[],
  );
  expect(hands.flat().sort()).toEqual([...DECK].sort());
  expectNoCardEarly(watched);
});

/** Every card shows up for the first time when it is played, or when the hand is over; the draw of the hakem is another deal. */
function expectNoCardEarly(lines: readonly Line[]): void {
  const told = lines
    .flatMap(({ events }) => events)
    .filter(({ type }) => type !== 'hakem_drawn' && type !== 'hand_ended');
  const early = told.filter(
    (event) => event.type !== 'card_played' && /"[2-9TJQKA][SHCD]"/.test(JSON.stringify(event)),
  );
  expect(early).toEqual([]);
  expect(told.filter(({ type }) => type === 'card_played').length).toBeGreaterThanOrEqual(28);
}

test('a player who is interrupted takes the same seat back', async () => {
  const created = play(0, '--bot', '--target', '1', '--delay', '0');
  const seated = () => /^Seat 0 of room (\w{8})\.$/m.exec(created.printed())?.[1];
  await until('the seat', () => seated() !== undefined);
  const room = seated() ?? '';
  await end(created.child, 'SIGINT');
  expect((await created.done).code).toBe(130);

  const again = play(1, '--room', room, '--bot', '--fill', '--delay', '0');
  expect(await again.done).toMatchObject({ code: 0, complaints: '' });
  expect(again.printed()).toContain(`Seat 0 of room ${room}.`);
  expect(again.printed()).not.toContain('Seat 1');
});

test('a room that is not there ends with 1 and says why', async () => {
  const lost = await play(0, '--room', '00000000', '--bot').done;
  expect(lost).toEqual({
    code: 1,
    out: '',
    complaints: 'ROOM_UNAVAILABLE: No free seat was found at a room with this code.\n',
  });
});

test('lines on a pipe play too', async () => {
  const room = await cluster.createRoom({ options: { target_points: 1 }, turn_ms: 60_000 });
  const url = cluster.instances[0]?.url ?? '';
  const child = start(['--url', url, '--data', folder.path, '--room', room], 'pipe');
  let printed = '';
  child.stdout?.on('data', (data) => {
    printed += data;
  });
  const ended = once(child, 'exit');
  child.stdin?.write('bots\n');
  let answered = 0;
  const ask = /name trump: s|a card by number or name/gi;
  await until(
    'the match is over',
    () => {
      const asked = printed.match(ask)?.length ?? 0;
      // The last hand printed has the cards that may be played in brackets.
      if (asked > answered) child.stdin?.write(answerTo(printed));
      answered = asked;
      return printed.includes('The match is over');
    },
    20_000,
  );
  child.stdin?.write('leave\n');
  expect(await ended).toEqual([0, null]);
  expect(printed).toMatch(/You have left the table\.\nMatch over: seats (0\+2|1\+3) win [123]:0\n$/);
  expect(readdirSync(join(folder.path, 'seats'))).toEqual([]);
  expect(printed).not.toContain('\u001b');
});

function answerTo(printed: string): string {
  const lines = printed.trimEnd().split('\n');
  const numbers = lines.findLast((line) => /\[\d+\]/.test(line)) ?? '';
  const status = lines.findLast((line) => line.includes('▶')) ?? '';
  return status.includes('Name trump') ? 's\n' : `${/\[(\d+)\]/.exec(numbers)?.[1]}\n`;
}
