/**
 * An instance with everything HAProxy sees of one, and no game: registry entry, /health, WebSockets that echo. Its first
 * frame says who it is. Run as a process, so that it can be killed.
 *
 * Arguments: Redis URL, lease in ms, heartbeat in ms. Parent's messages: a status to take, `silent` (no more heartbeats),
 * or `leave` (entry removed, sockets closed, exit). Reports `{type: 'ready', id, number, port}`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { newInstanceId } from '../../src/cluster/new-ids.js';
import { type InstanceFields, type InstanceStatus, Registry } from '../../src/cluster/registry.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import { connect, ready } from '../../src/redis/client.js';
import { testConfig } from '../support/config.js';
import { testHost } from '../support/host.js';

const [redisUrl = '', leaseMs = '', heartbeatMs = ''] = process.argv.slice(2);
const config = testConfig(redisUrl);
const redis = connect(config, 'echo');
await ready(redis, config, 5_000);
const registry = new Registry(redis, Number(leaseMs));
const id = newInstanceId();
let status: InstanceStatus = 'starting';

const server = createServer((request, response) => {
  if (request.url === '/health') {
    response.writeHead(status === 'draining' ? 404 : 200).end();
    return;
  }
  if (request.headers.accept === 'text/event-stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': opened\n\n');
    return;
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ id, url: request.url, headers: request.headers }));
});
new WebSocketServer({ server, path: '/ws' }).on('connection', (socket, request) => {
  socket.send(JSON.stringify({ id, room: request.headers['x-room-code'] }));
  socket.on('message', (message) => socket.send(String(message)));
});
await new Promise<void>((resolve) => server.listen(0, testHost(), resolve));
const { port } = server.address() as AddressInfo;
const number = await registry.nextNumber();

async function heartbeat(): Promise<void> {
  const load = { active_games: 0, connected_players: 0, cpu_usage: 0, memory_usage: 0, event_loop_delay: 0 };
  const kind = { weight: 128, capacity: 10, region: 'local', zone: 'local', version: '1', rules_versions: 'echo@1' };
  const fields: InstanceFields = { id, number, host: testHost(), port, status, started_at: 1, ...load, ...kind };
  await registry.heartbeat(fields);
}

async function become(next: InstanceStatus): Promise<void> {
  status = next;
  await heartbeat();
  await registry.announce();
}

process.on('message', async (order: InstanceStatus | 'silent' | 'leave') => {
  if (order === 'silent') return clearInterval(beating);
  if (order !== 'leave') return become(order);
  await registry.remove(id as InstanceId);
  await registry.announce();
  process.exit(0);
});
process.on('disconnect', () => process.exit(0));
const beating = setInterval(() => void heartbeat().catch(() => undefined), Number(heartbeatMs));
await become('ready');
process.send?.({ type: 'ready', id, number, port });
