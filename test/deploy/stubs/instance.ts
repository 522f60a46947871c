/** Stands in for a game instance: a registry entry, a port that answers, and a word in its log about how it stops. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newInstanceId } from '../../../src/cluster/new-ids.js';
import { type InstanceFields, Registry } from '../../../src/cluster/registry.js';
import { instanceConfig } from '../../../src/config.js';
import { connect, ready } from '../../../src/redis/client.js';
import { KEYS } from '../../support/keys.js';

const config = instanceConfig();
if (config.HOKM_REGION === 'nowhere') throw new Error('there is no such region');
const redis = connect(config, 'stub');
await ready(redis, config, 5_000);
const registry = new Registry(redis, config.HOKM_LEASE_MS);
const id = newInstanceId();
const server = createServer((_request, response) => response.end(id));
await new Promise<void>((resolve) => server.listen(config.HOKM_PORT, config.HOKM_HOST, resolve));
const { port } = server.address() as AddressInfo;
const entry: InstanceFields = {
  id,
  number: await registry.nextNumber(),
  host: config.HOKM_HOST,
  port,
  status: 'ready',
  started_at: 1,
  active_games: 0,
  connected_players: 0,
  cpu_usage: 0,
  memory_usage: 0,
  event_loop_delay: 0,
  weight: 256,
  capacity: config.HOKM_CAPACITY,
  region: config.HOKM_REGION,
  zone: config.HOKM_ZONE,
  version: '0',
  rules_versions: 'stub@1',
};
await registry.heartbeat(entry);
setInterval(() => void registry.heartbeat(entry).catch(() => undefined), 200);
process.on('SIGTERM', () => {
  void redis.get(KEYS.clusterState).then(async (state) => {
    process.stderr.write(`cluster is ${state}, capacity ${config.HOKM_CAPACITY}\n`);
    await registry.remove(id);
    process.exit(0);
  });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ type: 'ready', id, port });
