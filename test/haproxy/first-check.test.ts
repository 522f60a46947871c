import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RuntimeApi } from '../../haproxy/runtime-api.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import { until } from '../support/programs.js';
import { startHAProxy, type TestHAProxy } from './support.js';

let haproxy: TestHAProxy;
let instance: Server;
let checks = 0;

beforeAll(async () => {
  haproxy = await startHAProxy();
  // Too busy for its first two health checks, as a new instance can be.
  instance = createServer((_, response) => {
    checks += 1;
    if (checks > 2) response.writeHead(200).end();
  });
  await new Promise<void>((resolve) => instance.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  instance.closeAllConnections();
  instance.close();
  await haproxy.stop();
});

test('a new server that is slow at first keeps its players', async () => {
  const api = new RuntimeApi(haproxy.socket);
  const name = 'game-NEW' as InstanceId;
  const { port } = instance.address() as AddressInfo;
  await api.add({ name, number: 7, address: '127.0.0.1', port, weight: 128 } as Parameters<RuntimeApi['add']>[0]);
  await api.enableHealth(name);
  await api.setState(name, 'ready');
  const seen = new Set<boolean | undefined>();
  await until('four checks', async () => {
    seen.add((await api.servers()).find((server) => server.name === name)?.up);
    return checks >= 4;
  });
  expect(seen).toEqual(new Set([true]));
});
