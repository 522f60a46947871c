/** What tests start does not outlive them. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { end, spawnOwned, until } from './programs.js';

const PROGRAMS = new URL('programs.js', import.meta.url);
const SCRIPT = `
  const { startRedis } = await import(${JSON.stringify(PROGRAMS)});
  const { port, folder, process: { pid } } = await startRedis();
  process.send({ port, folder, pid });
  process.on('message', () => undefined);`;

const refuses = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });

test.each(['SIGCONT', 'SIGSTOP'] as const)(
  'a Redis whose test run is killed ends with it, whatever state it is in: %s',
  async (signal) => {
    const args = ['--input-type=module', '-e', SCRIPT];
    const run = spawnOwned(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const [redis] = (await once(run, 'message')) as [{ port: number; folder: string; pid: number }];
    expect(await refuses(redis.port)).toBe(false);
    process.kill(redis.pid, signal);
    await end(run, 'SIGKILL');
    await until('Redis is gone', () => refuses(redis.port));
    await rm(redis.folder, { recursive: true, force: true, maxRetries: 10 });
  },
);
