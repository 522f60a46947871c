import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { NodeRelay } from './node-relay.js';

/** Held back for longer than any test takes. */
const FOREVER_MS = 600_000;

let node: ReturnType<typeof createServer>;
let relay: NodeRelay;
let atNode: Socket[];
beforeEach(async () => {
  atNode = [];
  node = createServer((socket) => {
    atNode.push(socket);
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(node, 'listening');
  relay = await NodeRelay.to((node.address() as AddressInfo).port);
});
afterEach(async () => {
  await relay.stop();
  node.close();
});

/** Says something; resolves when the node has heard it. */
async function dial(said: string): Promise<{ client: Socket; server: Socket; heard: () => string }> {
  const client = connect(relay.port, '127.0.0.1');
  client.on('error', () => undefined);
  let text = '';
  client.on('data', (data) => {
    text += String(data);
  });
  await once(node, 'connection');
  client.write(said);
  const server = atNode.at(-1) as Socket;
  expect(String((await once(server, 'data'))[0])).toBe(said);
  return { client, server, heard: () => text };
}

test('what a node has not replicated yet dies with it; clients are answered at once all the same', async () => {
  relay.lagMs = FOREVER_MS;
  const replica = await dial('PSYNC ? -1');
  const client = await dial('GET a');
  replica.server.write('an entry');
  client.server.write('an answer');
  await once(client.client, 'data');
  expect(client.heard()).toBe('an answer');
  replica.server.destroy();
  await once(replica.client, 'close');
  expect(replica.heard()).toBe('');
});

test('what is written after the lag has ended does not overtake what was held back', async () => {
  relay.lagMs = 30;
  const replica = await dial('PSYNC ? -1');
  replica.server.write('first ');
  relay.lagMs = 0;
  replica.server.write('second');
  while (replica.heard().length < 'first second'.length) await once(replica.client, 'data');
  expect(replica.heard()).toBe('first second');
});

test('a command that is seen can be kept from the node', async () => {
  const seen: string[] = [];
  const { client, server } = await dial('hello ');
  relay.watch = (text) => {
    seen.push(text);
    return text.endsWith('secret');
  };
  client.write('secret');
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  relay.watch = undefined;
  client.write('public');
  expect(String((await once(server, 'data'))[0])).toBe('public');
  expect(seen).toEqual(['hello secret']);
});
