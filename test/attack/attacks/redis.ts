/** Redis, as somebody else on the host or the network meets it, and as somebody who has the cluster's own user. */

import { connect } from 'node:net';
import { aclRules, allCommands } from '../../../deploy/ops/acl.js';
import { randomToken } from '../../../src/runtime/random.js';
import { KEYS } from '../../support/keys.js';
import { type Attack, each, type Scene } from '../attack.js';

const USER = 'attacked';
/** Who may log in may also log out: Redis asks no right for these. */
const FREE = ['auth', 'hello', 'quit', 'reset'];
const PASSWORDS = ['', 'redis', 'admin', 'password', 'foobared', 'hokm', '123456', 'default'];
const ANSWER_MS = 5_000;

/** What Redis says to these bytes of somebody without a password. */
function say(port: number, from: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect({ host: '127.0.0.1', port, localAddress: from }, () => socket.end(text));
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on('data', (data) => {
      said += String(data);
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(said));
  });
}

const ORDERS: readonly string[] = [
  ...[
    'PING',
    'INFO',
    'KEYS *',
    `GET ${KEYS.clusterState}`,
    'FLUSHALL',
    'CONFIG GET *',
    'SHUTDOWN',
    'MONITOR',
    'CLIENT LIST',
  ],
  ...[
    `SET ${KEYS.clusterState} stopping`,
    'EVAL "return 1" 0',
    'DEBUG SLEEP 5',
    'REPLICAOF 127.0.0.1 1',
    `SUBSCRIBE ${KEYS.channels.broadcast}`,
  ],
  ...[
    'ACL LIST',
    'HELLO 3',
    `XADD ${KEYS.inbox('x')} * a b`,
    `PUBLISH ${KEYS.channels.scaling} x`,
    'MODULE LIST',
    'SAVE',
  ],
  // What a page in a browser can make it hear.
  'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nFLUSHALL',
];

/** Which commands the cluster's own user may run beside those it needs. */
async function excess({ cluster, broken }: Scene): Promise<number> {
  const { redis } = cluster;
  await redis.acl('SETUSER', USER, ...aclRules('not used by anybody').split(' '));
  try {
    const names = (await redis.call('COMMAND', 'LIST')) as string[];
    const needed = new Set([...allCommands(), ...FREE]);
    for (const name of names) {
      // `client|setname` is all that the user has of CLIENT.
      if (needed.has(name)) continue;
      const reply = await redis.call('ACL', 'DRYRUN', USER, name).catch((error: Error) => error.message);
      if (reply === 'OK') broken(`the cluster's user may run ${name}`);
    }
    for (const [command, key] of [
      ['get', 'other:key'],
      ['set', 'hokm'],
      ['publish', 'other'],
    ] as const) {
      const reply = await redis.call('ACL', 'DRYRUN', USER, command, key, 'x').catch((error: Error) => error.message);
      if (reply === 'OK') broken(`the cluster's user may ${command} ${key}`);
    }
    return names.length;
  } finally {
    await redis.acl('DELUSER', USER);
  }
}

export const redis: Attack = {
  name: 'redis',
  what: 'Redis reached by others',
  limits: 'default',
  full: 10_000,
  least: 50,
  unit: 'orders',
  async run(scene) {
    const { cluster } = scene;
    const port = Number(new URL(cluster.facts().redis_url).port);
    await each(scene.times, 6, async (at) => {
      const order = ORDERS[at % ORDERS.length] ?? '';
      const password = PASSWORDS[at % 97] ?? randomToken(12);
      const said = await say(
        port,
        scene.stranger(),
        at % 2 === 0 ? `${order}\r\n` : `AUTH ${password}\r\n${order}\r\n`,
      );
      if (/^[+:$*%]/m.test(said)) scene.broken(`${order} was answered with ${said.slice(0, 100)}`);
      scene.did(1);
    });
    const [, mode] = (await cluster.redis.config('GET', 'protected-mode')) as string[];
    if (mode !== 'yes') scene.broken(`protected-mode is ${mode}`);
    const [, bind] = (await cluster.redis.config('GET', 'bind')) as string[];
    if (!/^127\.0\.0\.1/.test(bind ?? '')) scene.broken(`it listens at ${bind}`);
    return { commands_looked_at: await excess(scene), commands_needed: allCommands().length };
  },
};
