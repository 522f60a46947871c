/** Stands in for the controller: adds the registry's instances to HAProxy, and does nothing else. */

import { askHaproxy } from '../../../deploy/local/admin-socket.js';
import { Registry } from '../../../src/cluster/registry.js';
import { controllerConfig } from '../../../src/config.js';
import { connect, ready } from '../../../src/redis/client.js';
import { SystemClock, sleep } from '../../../src/runtime/clock.js';

const config = controllerConfig();
const clock = new SystemClock();
const redis = connect(config, 'stub');
await ready(redis, config, 5_000);
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
process.send?.({ type: 'ready' });
for (;;) {
  await reconcile().catch(() => undefined);
  await sleep(clock, 20);
}

async function reconcile(): Promise<void> {
  const state = await askHaproxy(config.HAPROXY_SOCKET, 'show servers state');
  const { instances } = await new Registry(redis, config.HOKM_LEASE_MS).list();
  for (const { id, host, port, number } of instances) {
    if (state.includes(id)) continue;
    await askHaproxy(config.HAPROXY_SOCKET, `add server game/${id} ${host}:${port} id ${number} check inter 200ms`);
    await askHaproxy(config.HAPROXY_SOCKET, `enable health game/${id}`);
    await askHaproxy(config.HAPROXY_SOCKET, `enable server game/${id}`);
  }
}
