/** The ports of an instance on this machine: its clock, its network, its chance. */
import { readFileSync } from 'node:fs';
import { askLivez } from '../cluster/livez.js';
import { newRoomCode } from '../cluster/new-ids.js';
import type { InstanceConfig } from '../config.js';
import { HttpServer } from '../edge/http-server.js';
import { pageRoutes } from '../edge/static.js';
import type { InstanceId } from '../protocol/ids.js';
import { connect, ready, superviseServer } from '../redis/client.js';
import { SystemClock } from '../runtime/clock.js';
import { createLogger } from '../runtime/log.js';
import { Metrics } from '../runtime/metrics.js';
import { packageRoot } from '../runtime/package-root.js';
import { randomHex } from '../runtime/random.js';
import { RecentErrors } from '../runtime/recent-errors.js';
import { UsageMeter } from '../runtime/usage.js';
import type { Ports } from './ports.js';

/** The connection that also judges the Redis that it has reached. */
const JUDGE = 'commands';

export function realPorts(config: InstanceConfig, id: InstanceId): Ports {
  const clock = new SystemClock();
  const errors = new RecentErrors(clock);
  const log = createLogger(config.LOG_LEVEL, { process: 'instance', instance: id }, errors);
  const { version } = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as { version: string };
  let redisFaults: readonly string[] = [];
  return {
    id,
    version,
    clock,
    log,
    errors,
    randomHex,
    newRoomCode,
    connect: (role, blocking) => {
      const connection = connect(config, role, blocking);
      if (role === JUDGE) {
        superviseServer(connection, config, (faults) => {
          redisFaults = faults;
          if (faults.length > 0) log.warn({ faults }, 'Redis is not as it should be');
          else log.info('Redis is as it should be');
        });
      }
      return connection;
    },
    redisFaults: () => redisFaults,
    connected: (connection) => ready(connection, config, config.HOKM_START_WAIT_MS),
    probe: askLivez,
    serve: async ({ http, ...served }) => {
      const { HOKM_CLUSTER_SECRET: secret, HOKM_CLUSTER_SECRET_ALSO: alsoSecret } = config;
      const { HOKM_ORIGINS, HOKM_PUBLIC_URL } = config;
      const origins = HOKM_PUBLIC_URL === undefined ? HOKM_ORIGINS : [...HOKM_ORIGINS, HOKM_PUBLIC_URL];
      const server = new HttpServer({ api: http, ...served, clock, log, probe: askLivez, secret, alsoSecret, origins });
      const port = await server.listen(config.HOKM_HOST, config.HOKM_PORT);
      return { port, cutForwarded: () => server.cutForwarded(), close: () => server.close() };
    },
    usage: new UsageMeter(clock, config.HOKM_HEARTBEAT_MS),
    metrics: (gauges) => new Metrics(id, gauges),
    pages: pageRoutes(new URL('dist/web/', packageRoot)),
  };
}
