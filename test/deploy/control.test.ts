import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { askSupervisor, type ControlChild, LONGEST_REQUEST } from '../../deploy/local/control-protocol.js';
import type { ClusterFacts } from '../../deploy/local/report.js';
import { end, temporaryFolder, until } from '../support/programs.js';
import { alive, keptFacts, type Launcher, launcher, started } from './running-cluster.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let data: string;
let running: Launcher;
let facts: ClusterFacts;

beforeAll(async () => {
  folder = await temporaryFolder();
  data = join(folder.path, 'data');
  running = launcher(data);
  facts = await started(running);
});
afterAll(async () => {
  await end(running.process, 'SIGTERM');
  await folder.remove();
});

const socket = () => facts.control_socket;
const list = async () => (await askSupervisor(socket(), { request: 'list' })).children;
const instances = async () => (await list()).filter(({ kind }) => kind === 'instance');
const byName = (children: readonly ControlChild[]) =>
  Object.fromEntries(children.map(({ name, state, pid }) => [name, { state, pid }]));

/** Everything that the supervisor says to raw bytes, until it closes or `lines` have come. */
function say(bytes: string, lines: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let text = '';
    const done = () => resolve(text.split('\n').slice(0, -1));
    const raw = connect(socket(), () => raw.write(bytes));
    raw.on('data', (part) => {
      text += String(part);
      if (text.split('\n').length > lines) raw.end();
    });
    raw.on('close', done);
    raw.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? done() : reject(error)));
  });
}

test('tells its owner, and nobody else, what runs', async () => {
  expect(statSync(socket()).mode & 0o777).toBe(0o600);
  expect(keptFacts(data).control_socket).toBe(socket());
  expect(await askSupervisor(socket(), { request: 'status' })).toMatchObject({
    state: 'running',
    pid: running.process.pid,
    instances: 2,
  });
  const [first, second] = facts.instances.map(({ pid }) => ({ state: 'ready', pid }));
  const { redis, haproxy, controller } = facts.pids;
  expect(byName(await list())).toEqual({
    redis: { state: 'ready', pid: redis },
    haproxy: { state: 'ready', pid: haproxy },
    controller: { state: 'ready', pid: controller },
    'instance-1': first,
    'instance-2': second,
  });
});

test('starts one more, once for each key, and keeps it running', async () => {
  const [one, same] = await Promise.all([
    askSupervisor(socket(), { request: 'add-instance', key: 'scale-up-7' }),
    askSupervisor(socket(), { request: 'add-instance', key: 'scale-up-7' }),
  ]);
  expect(same).toEqual(one);
  expect(one.name).toBe('instance-3');
  expect(alive(one.pid)).toBe(true);
  await until('cluster.json names it', () => keptFacts(data).instances.some(({ id }) => id === one.id));

  process.kill(one.pid, 'SIGKILL');
  const successor = await until('its successor is ready', async () =>
    (await instances()).find(({ name, id }) => name === 'instance-3' && id !== null && id !== one.id),
  );
  const again = await askSupervisor(socket(), { request: 'add-instance', key: 'scale-up-7' });
  expect(again.id).toBe(successor?.id);
  await expect(askSupervisor(socket(), { request: 'stop-instance', id: one.id })).rejects.toMatchObject({
    code: 'UNKNOWN_INSTANCE',
    message: `There is no instance ${one.id}; one that ends unasked comes back under another id.`,
  });
});

test('stops the one it is told to, for good, and says how it ended, also to those who ask twice', async () => {
  const { id, name, pid } = await askSupervisor(socket(), { request: 'add-instance' });
  const stop = () => askSupervisor(socket(), { request: 'stop-instance', id });
  const ends = await Promise.all([stop(), stop()]);
  ends.push(await stop());
  for (const answer of ends) expect(answer).toMatchObject({ id, exit_code: 0, signal: null });
  expect(alive(pid)).toBe(false);
  expect((await instances()).map((child) => child.name)).not.toContain(name);
  expect(keptFacts(data).instances.map((kept) => kept.id)).not.toContain(id);
  expect(running.stderr()).toContain('stopped (exit code 0)');
  expect(running.stderr()).not.toContain(`(process ${pid}) ended`);

  // The place of the one that left is taken again. A name stops as well as an id.
  const next = await askSupervisor(socket(), { request: 'add-instance' });
  expect(next.name).toBe(name);
  expect(await askSupervisor(socket(), { request: 'stop-instance', id: name })).toMatchObject({ id: next.id });
});

test('one that does not react is killed, and that is said', async () => {
  const { id, pid } = await askSupervisor(socket(), { request: 'add-instance' });
  process.kill(pid, 'SIGSTOP');
  const stopping = askSupervisor(socket(), { request: 'stop-instance', id });
  await until('it is being stopped', async () => (await instances()).some((child) => child.state === 'stopping'));
  process.kill(pid, 'SIGKILL');
  expect(await stopping).toMatchObject({ id, exit_code: null, signal: 'SIGKILL' });
});

test('answers nonsense in one line, in order, and cuts off who sends without end', async () => {
  const lines = await say('hello\n{"request":"dance"}\n{"request":"stop-instance"}\n\n{"request":"status"}\n', 4);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { ok: false, code: 'BAD_REQUEST', error: 'The request is not JSON.' },
    { ok: false, code: 'BAD_REQUEST', error: expect.stringMatching(/^request: Invalid/) },
    { ok: false, code: 'BAD_REQUEST', error: expect.stringMatching(/^id: Invalid/) },
    { ok: true, state: 'running', pid: running.process.pid, instances: expect.any(Number) },
  ]);
  expect(await say('x'.repeat(LONGEST_REQUEST + 1), 1)).toEqual([]);
});

test('refuses what an autoscaler orders that has lost its lock', async () => {
  const { id } = await askSupervisor(socket(), { request: 'add-instance', key: 'boot-1', fencing: 12 });
  const late = [
    askSupervisor(socket(), { request: 'add-instance', key: 'boot-2', fencing: 11 }),
    askSupervisor(socket(), { request: 'stop-instance', id, fencing: 11 }),
  ];
  for (const order of late) {
    await expect(order).rejects.toMatchObject({
      code: 'OUTDATED',
      message: 'The order is outdated: it carries the number 11, 12 has been seen.',
    });
  }
  expect(await askSupervisor(socket(), { request: 'stop-instance', id, fencing: 12 })).toMatchObject({ exit_code: 0 });
});

test('goes with the cluster', async () => {
  running.process.kill('SIGTERM');
  expect(await running.ended).toBe(0);
  expect(existsSync(socket())).toBe(false);
  await expect(askSupervisor(socket(), { request: 'status' })).rejects.toMatchObject({
    code: 'NO_ANSWER',
    message: 'The cluster\'s supervisor does not answer "status" (ENOENT).',
  });
});
