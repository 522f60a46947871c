/** `npm run haproxy`: what the HAProxies of a cluster have, and their reload. */
import { HAProxyUnavailable, RuntimeApi } from '../../haproxy/runtime-api.js';
import { describe, look } from '../../haproxy/show.js';
import { NOT_LOOKED, Registry } from '../../src/cluster/registry.js';
import { type ControllerConfig, controllerConfig, launcherConfig } from '../../src/config.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { reachCluster } from './cluster-access.js';
import type { LocalClusterFacts } from './local-cluster.js';
import { reloadBy } from './master-socket.js';
import { reload } from './reload.js';
import { commandLine, runTool, ToolFailed } from './tool.js';

/** One HAProxy that can be asked from here. */
interface Reached {
  readonly name: string;
  readonly api: RuntimeApi;
  readonly config: ControllerConfig;
  /** Undefined where nothing leads to its master. */
  readonly reload: (() => Promise<void> | void) | undefined;
}

const HAPROXY_SCHEMA = 'hokm/haproxy@1';
const RELOAD_SCHEMA = 'hokm/haproxy-reload@1';

const clock = new SystemClock();
const print = (text: string) => void process.stdout.write(`${text}\n`);

/** @throws ToolFailed, ConfigError, RedisUnavailable */
async function reach(
  data: string | undefined,
  use: (haproxies: readonly Reached[], redis: RedisConnection, registry: Registry) => Promise<void>,
): Promise<void> {
  const { redis, haproxySocket, local } = await reachCluster(data);
  try {
    const haproxies = haproxySocket === undefined ? [] : placesOf(haproxySocket, local).map(reached);
    await use(haproxies, redis, new Registry(redis, configFor(haproxySocket ?? 'none').HOKM_LEASE_MS));
  } finally {
    redis.disconnect();
  }
}

const configFor = (socket: string) => controllerConfig({ ...launcherConfig().environment, HAPROXY_SOCKET: socket });

const placesOf = (socket: string, local: LocalClusterFacts | undefined) =>
  local?.haproxies ?? [{ name: 'haproxy', socket, pids: { haproxy: null } }];

function reached({ name, socket, pids }: ReturnType<typeof placesOf>[number]): Reached {
  const config = configFor(socket);
  const { haproxy: pid } = pids;
  const master = config.HAPROXY_MASTER_SOCKET;
  const bySocket = master === undefined ? undefined : () => reloadBy(master);
  const reload = pid === null ? bySocket : () => void process.kill(pid, 'SIGUSR2');
  return { name, api: new RuntimeApi(socket), config, reload };
}

/** What the controllers of all hosts report of their HAProxies; of those here more is known. */
async function reported(registry: Registry) {
  return (await registry.controllerReports()).map(({ id, worker, servers, pins, down, last_reconcile }) => ({
    controller: id ?? '',
    worker: worker ?? null,
    servers: Number(servers ?? 0),
    pins: Number(pins ?? 0),
    /** null: HAProxy does not answer its controller. */
    unreachable: down === undefined || down === NOT_LOOKED ? null : down.split(',').filter((name) => name !== ''),
    last_reconcile: last_reconcile === undefined ? null : Number(last_reconcile),
  }));
}

type Reported = Awaited<ReturnType<typeof reported>>[number];

function inWords({ controller, worker, servers, pins, unreachable, last_reconcile: at }: Reported): string {
  const ago = at === null ? 'not yet' : `${Math.max(0, (clock.now() - at) / 1000).toFixed(1)} s ago`;
  const reach =
    unreachable === null
      ? ', HAProxy is away'
      : unreachable.length > 0
        ? `, not reached: ${unreachable.join(', ')}`
        : '';
  return `${worker ?? 'HAProxy'}: ${servers} servers, ${pins} pinned rooms${reach}; ${controller}, last reconcile ${ago}`;
}

async function show(data: string | undefined, json: boolean): Promise<void> {
  await reach(data, async (haproxies, redis, registry) => {
    const seen = await Promise.all(
      haproxies.map(async ({ name, api, config }) => {
        try {
          return { name, ...(await look({ config, api, redis, registry, now: clock.monotonic() })) };
        } catch (error) {
          // The other one is shown all the same.
          if (error instanceof HAProxyUnavailable) return { name, away: error.message };
          throw error;
        }
      }),
    );
    const controllers = await reported(registry);
    if (json) print(JSON.stringify({ schema: HAPROXY_SCHEMA, haproxies: seen, controllers }, null, 2));
    else {
      for (const one of seen) print(`${one.name}: ${'away' in one ? one.away : describe(one, clock.now())}`);
      const own = new Set(seen.flatMap((one) => ('away' in one ? [] : [one.worker.worker])));
      for (const one of controllers) if (!own.has(one.worker ?? '')) print(inWords(one));
      if (seen.length + controllers.length === 0)
        print('No controller is running, and HAPROXY_SOCKET names no HAProxy.');
    }
    if (seen.length > 0 && seen.every((one) => 'away' in one)) throw new ToolFailed('No HAProxy answers.');
  });
}

async function reloadAll(data: string | undefined, json: boolean): Promise<void> {
  await reach(data, async (haproxies, redis, registry) => {
    if (haproxies.length === 0) throw new ToolFailed('HAPROXY_SOCKET must name the admin socket of the HAProxy.');
    // One after the other: the second takes all players should the first not come back.
    for (const { name, api, config, reload: trigger } of haproxies) {
      if (!trigger) throw new ToolFailed(`HAPROXY_MASTER_SOCKET must name the socket of the master of ${name}.`);
      const tell = (line: string) => void process.stderr.write(`${line}\n`);
      const done = await reload({ name, api, config, redis, registry, clock, tell, trigger });
      if (json) print(JSON.stringify({ schema: RELOAD_SCHEMA, ...done }));
      else {
        const { before, after, kept, ms } = done;
        print(
          `${name} reloaded: worker ${after} has servers and pins after ${ms} ms; ${before} keeps ${kept} connections.`,
        );
      }
    }
  });
}

await runTool(async () => {
  await commandLine('haproxy', 'The HAProxies of a cluster.')
    .example('$0 show', '')
    .example('HAPROXY_SOCKET=… HAPROXY_MASTER_SOCKET=… REDIS_URL=… $0 reload', 'the HAProxy of this host')
    .option('data', {
      type: 'string',
      describe: 'data folder of a local cluster; without it REDIS_URL and HAPROXY_SOCKET count, else .hokm',
    })
    .option('json', { type: 'boolean', default: false, describe: 'as JSON, with its schema' })
    .command(
      'show',
      'Servers, pins, what differs from Redis, and when it was last put right',
      () => undefined,
      ({ data, json }) => show(data as string | undefined, json === true),
    )
    .command(
      'reload',
      'Takes a new configuration, certificate or version of HAProxy, without dropping a socket',
      () => undefined,
      ({ data, json }) => reloadAll(data as string | undefined, json === true),
    )
    .demandCommand(1, 'Which command? show or reload.')
    .parseAsync();
  return 0;
});
