/** SIGHUP to a process without a terminal: it goes on, and reads again what may change while it runs. */
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { packageRoot } from '../../src/runtime/package-root.js';
import { end, spawnOwned, startRedis, type TestRedis, temporaryFolder, until } from '../support/programs.js';

let redis: TestRedis;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  [redis, folder] = await Promise.all([startRedis(), temporaryFolder()]);
});
afterAll(async () => {
  await redis.stop();
  await folder.remove();
});

function start(level: string): { child: ChildProcess; said: () => string } {
  const child = spawnOwned(process.execPath, [fileURLToPath(new URL('dist/src/main.js', packageRoot))], {
    env: {
      ...process.env,
      REDIS_URL: redis.url,
      HOKM_CLUSTER_SECRET: 'secret-of-the-tests',
      LOG_LEVEL: '',
      LOG_LEVEL_FILE: level,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr?.on('data', (data) => {
    text += String(data);
  });
  return { child, said: () => text };
}

test('an instance reads its log level again, keeps it where the new one is wrong, and stops in order after that', async () => {
  const file = join(folder.path, 'level');
  writeFileSync(file, 'info\n');
  const { child, said } = start(file);
  await until('it is ready', () => /"msg":"ready"/.test(said()));

  writeFileSync(file, 'loud\n');
  child.kill('SIGHUP');
  await until('it says what is wrong', () => /LOG_LEVEL.*not reloaded|not reloaded.*LOG_LEVEL/.test(said()));

  writeFileSync(file, 'silent\n');
  child.kill('SIGHUP');
  // The last thing that it says.
  await until('it has read the level', () => /"msg":"reloaded"/.test(said()));
  const before = said();
  await end(child, 'SIGTERM');
  expect(child.exitCode).toBe(0);
  expect(said()).toBe(before);
});
