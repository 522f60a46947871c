// Holds I10 of src/README.md.
/** How the instances that connections are passed on to are watched. */
import { beforeEach, expect, test } from '@jest/globals';
import type { Livez } from '../../src/cluster/livez.js';
import { Pulse } from '../../src/edge/pulse.js';
import { ManualClock } from '../support/manual-clock.js';

const ALIVE: Livez = { answer: 'alive', id: 'one', redisForMs: 1 };
const SILENT: Livez = { answer: 'silent' };

let clock: ManualClock;
let pulse: Pulse;
let answer: Livez | Error;
let asked: string[];
let ended: string[];
let onQuestion: () => void;
/** Whose lease is over. */
let over: Set<string>;

beforeEach(() => {
  [asked, ended, answer] = [[], [], ALIVE];
  onQuestion = () => undefined;
  over = new Set();
  clock = new ManualClock();
  const probe = async (address: string) => {
    asked.push(address);
    onQuestion();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  pulse = new Pulse(clock, probe, (id) => over.has(id));
});

const watch = (address: string, name = address) => pulse.watch(address, () => ended.push(name));

const seconds = (count: number) => clock.advance(count * 1_000);

test('an instance is asked once a second, however many connections lead there, and not at all when none does', async () => {
  const forget = [watch('a:1'), watch('a:1'), watch('b:1')];
  await seconds(2);
  expect(asked.toSorted()).toEqual(['a:1', 'a:1', 'b:1', 'b:1']);
  for (const one of forget) one();
  await seconds(3);
  expect(asked).toHaveLength(4);
  expect(ended).toEqual([]);
});

test('connections end when nobody answers twice in a row, and those to others stay', async () => {
  watch('a:1', 'first');
  watch('a:1', 'second');
  answer = SILENT;
  await seconds(1);
  answer = ALIVE;
  await seconds(1);
  answer = SILENT;
  await seconds(1);
  expect(ended).toEqual([]);
  await seconds(1);
  expect(ended).toEqual(['first', 'second']);
  await seconds(2);
  expect(asked).toHaveLength(4);
});

test('connections end when another instance answers at the address', async () => {
  watch('a:1');
  await seconds(1);
  answer = { answer: 'alive', id: 'another', redisForMs: 1 };
  await seconds(1);
  expect(ended).toEqual(['a:1']);
});

test('connections to an instance without Redis end once its lease is over, and not while nobody can tell', async () => {
  watch('a:1');
  answer = { ...ALIVE, redisForMs: 0 };
  over.add('another');
  await seconds(60);
  expect(ended).toEqual([]);
  over.add('one');
  await seconds(1);
  expect(ended).toEqual([]);
  await seconds(1);
  expect(ended).toEqual(['a:1']);
});

test('connections to an instance that has Redis stay, however long its heartbeats were missed', async () => {
  watch('a:1');
  over.add('one');
  await seconds(60);
  expect(ended).toEqual([]);
});

test('a question that fails counts as one that nobody answers', async () => {
  watch('a:1');
  answer = new Error('no such address');
  await seconds(2);
  expect(ended).toEqual(['a:1']);
});

test('who is passed on while an answer to another one is due is watched from its own beginning', async () => {
  const forget = watch('a:1', 'first');
  answer = SILENT;
  onQuestion = () => {
    onQuestion = () => undefined;
    forget();
    watch('a:1', 'second');
  };
  await seconds(2);
  expect(ended).toEqual([]);
  await seconds(1);
  expect(ended).toEqual(['second']);
});
