import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aclRules } from '../../deploy/ops/acl.js';
import type { RedisConnection } from '../../src/redis/client.js';
import type { Entry } from '../../src/room/state.js';
import { createRoom, startInstance, type TestInstance } from '../support/cluster.js';
import { KEYS } from '../support/keys.js';
import { type BotTable, seatBots, throughAny } from '../support/players.js';
import { end, freePort, spawnOwned, temporaryFolder, until } from '../support/programs.js';
import { startSentinels, type TestSentinels } from '../support/sentinel.js';
import { makeCertificates, type TestCertificates, tlsSettings } from '../support/tls.js';

const MAIN = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const QUICK = { HOKM_BOT_DELAY_MS: '1', HOKM_MESSAGE_RATE: '1000' };

/** What an instance says that cannot start, and its exit code. */
async function refusal(env: Record<string, string>): Promise<string> {
  const child = spawnOwned(process.execPath, [MAIN], {
    env: { ...process.env, HOKM_CLUSTER_SECRET: 'secret-of-the-tests', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.on('data', (text) => {
    said += String(text);
  });
  const [code] = await once(child, 'close');
  return `${code}: ${said}`;
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let certificates: TestCertificates;
/** An instance whose only sentinel is not there; it waits for a while before it says so. */
let withoutSentinels: { readonly sentinel: string; readonly told: Promise<string> };
beforeAll(async () => {
  const sentinel = `127.0.0.1:${await freePort()}`;
  withoutSentinels = { sentinel, told: refusal({ REDIS_SENTINELS: sentinel }) };
  folder = await temporaryFolder();
  certificates = makeCertificates(folder.path);
});
afterAll(() => folder.remove());

async function playAtOnce(instance: TestInstance, options: Record<string, unknown> = {}): Promise<void> {
  const room = await createRoom(`http://127.0.0.1:${instance.port}`, { options: { target_points: 1 }, ...options });
  const table = seatBots(
    room,
    throughAny(() => [instance]),
    0,
  );
  expect(await table.finished).toEqual(Array(4).fill('finished'));
  expect(table.errors).toEqual([]);
  for (const one of table.tables) one.close();
}

test('TLS: plays over rediss:// with an authority of our own, and says what is wrong with it in one line', async () => {
  const port = await freePort();
  const file = join(folder.path, 'redis.conf');
  writeFileSync(
    file,
    `${[...tlsSettings(port, certificates), 'bind 127.0.0.1', 'save ""', `dir "${folder.path}"`].join('\n')}\n`,
  );
  const redis = spawnOwned('redis-server', [file]);
  const other = await temporaryFolder();
  const strangers = makeCertificates(other.path);
  const REDIS_URL = `rediss://127.0.0.1:${port}`;
  const instance = await startInstance(REDIS_URL, { ...QUICK, REDIS_CA_FILE: certificates.authority });
  await playAtOnce(instance);

  const untrusted =
    `1: Redis at 127.0.0.1:${port} cannot be used (self-signed certificate in certificate chain). ` +
    'Set REDIS_CA_FILE to the authority that signed for its address.\n';
  const missing = join(folder.path, 'missing');
  expect(
    await Promise.all([
      refusal({ REDIS_URL }),
      refusal({ REDIS_URL, REDIS_CA_FILE: strangers.authority }),
      refusal({ REDIS_URL, REDIS_CA_FILE: missing }),
      refusal({ REDIS_URL, REDIS_CA_FILE: file }),
    ]),
  ).toEqual([
    untrusted,
    untrusted,
    `1: REDIS_CA_FILE ${missing} cannot be read (ENOENT).\n`,
    `1: REDIS_CA_FILE ${file} holds no certificate; expected PEM.\n`,
  ]);
  await end(instance.process);
  await end(redis);
  await other.remove();
});

describe('Sentinel', () => {
  const user = { name: 'hokm', password: 'correct horse battery staple', rules: '' };
  let redis: TestSentinels;
  let instances: TestInstance[];
  beforeAll(async () => {
    redis = await startSentinels({ user: { ...user, rules: aclRules(user.password) } });
    const { REDIS_URL = '', ...env } = redis.env;
    instances = await Promise.all([1, 2].map(() => startInstance(REDIS_URL, { ...QUICK, ...env, LOG_LEVEL: 'fatal' })));
  });
  afterAll(async () => {
    await Promise.all(instances.map(({ process }) => end(process)));
    await redis.stop();
  });

  test('the primary dies: the room goes on, nothing that was acknowledged is lost, nobody is thrown out', async () => {
    const room = await createRoom(`http://127.0.0.1:${instances[0]?.port}`, {
      durability: 'replicated',
      options: { target_points: 13 },
    });
    const table: BotTable = seatBots(
      room,
      throughAny(() => instances),
      10,
    );
    await until('it is played', () => table.acks.length > 20);
    const before = await redis.primary();
    const node = redis.nodes.find(({ port }) => port === before);
    if (!node) throw new Error('no primary');
    await end(node.process);
    const acked = table.acks.length;
    await until('it is played on', () => table.acks.length > acked + 20, 20_000);
    const after = await until('another primary', () => redis.primary());
    expect(after).not.toBe(before);
    for (const one of table.tables) one.close();

    const admin: RedisConnection = await redis.admin(Number(after));
    const log = await admin.xrange(KEYS.roomLog(room), '-', '+');
    const refused = (await admin.acl('LOG')) as unknown[];
    admin.disconnect();
    // By its seq, the command that each entry answers.
    const answered = new Map<number, string>();
    for (const [id, [, text = '{}']] of log) {
      const { by } = JSON.parse(text) as Entry;
      if (by) answered.set(Number.parseInt(id, 10), by.id);
    }
    for (const { id, seq } of table.acks) expect([seq, answered.get(seq)]).toEqual([seq, id]);
    const ids = [...answered.values()];
    expect(new Set(ids).size).toBe(ids.length);
    expect(table.errors).toEqual([]);
    expect(refused).toEqual([]);
  }, 40_000);

  test('what is wrong is told in one line', async () => {
    const { env } = redis;
    const { sentinel: none, told: toldThen } = withoutSentinels;
    const told = await Promise.all([
      refusal({ ...env, REDIS_MASTER_NAME: 'other' }),
      toldThen,
      refusal({ ...env, REDIS_URL: (env.REDIS_URL ?? '').replace('hokm:', 'nobody:') }),
    ]);
    const sentinels = (env.REDIS_SENTINELS ?? '').replaceAll(',', ', ');
    expect(told).toEqual([
      `1: Redis at sentinels ${sentinels} cannot be used (they know no primary called "other"). Set REDIS_MASTER_NAME.\n`,
      `1: Redis at sentinels ${none} cannot be used (none of them answers). Start them, or set REDIS_SENTINELS.\n`,
      expect.stringMatching(/^1: .*WRONGPASS.*\n$/),
    ]);
  });
});

test('Sentinel and Redis over TLS: nothing goes in the clear', async () => {
  const redis = await startSentinels({ tls: certificates, replicas: 1, sentinels: 1 });
  const { REDIS_URL = '', ...env } = redis.env;
  const instance = await startInstance(REDIS_URL, { ...QUICK, ...env });
  await playAtOnce(instance, { durability: 'replicated' });
  await end(instance.process);
  await redis.stop();
});
