/** `npm run haproxy`: what the HAProxies of a cluster have, and their reload. */
import { HAProxyUnavailable, RuntimeApi } from '../../haproxy/runtime-api.js';
import { describe, look } from '../../haproxy/show.js';
import { Registry } from '../../src/cluster/registry.js';
import { type ControllerConfig, controllerConfig, launcherConfig } from '../../src/config.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { reachCluster } from './cluster-access.js';
import type { LocalClusterFacts } from './local-cluster.js';
import { reload } from './reload.js';
import { commandLine, runTool, ToolFailed } from './tool.js';

/** One HAProxy that can be asked from here. */
interface Reached {
  readonly name: string;
  readonly api: RuntimeApi;
  readonly config: ControllerConfig;
  /** Undefined when it is no child of a local cluster, or just being started again. */
  readonly master: number | undefined;
}

const clock = new SystemClock();
const print = (text: string) => void process.stdout.write(`${text}\n`);

/** @throws ToolFailed, ConfigError, RedisUnavailable */
async function reach(
  data: string | undefined,
  use: (haproxies: readonly Reached[], redis: RedisConnection, registry: Registry) => Promise<void>,
): Promise<void> {
  const { redis, haproxySocket, local } = await reachCluster(data);
  try {
    if (haproxySocket === undefined) throw new ToolFailed('HAPROXY_SOCKET must name the admin socket of an HAProxy.');
    const { HOKM_LEASE_MS } = configFor(haproxySocket);
    await use(placesOf(haproxySocket, local).map(reached), redis, new Registry(redis, HOKM_LEASE_MS));
  } finally {
    redis.disconnect();
  }
}

const configFor = (socket: string) => controllerConfig({ ...launcherConfig().environment, HAPROXY_SOCKET: socket });

const placesOf = (socket: string, local: LocalClusterFacts | undefined) =>
  local?.haproxies ?? [{ name: 'haproxy', socket, pids: { haproxy: null } }];

function reached({ name, socket, pids }: ReturnType<typeof placesOf>[number]): Reached {
  return { name, api: new RuntimeApi(socket), config: configFor(socket), master: pids.haproxy ?? undefined };
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
    if (json) print(JSON.stringify({ haproxies: seen }, null, 2));
    else for (const one of seen) print(`${one.name}: ${'away' in one ? one.away : describe(one, clock.now())}`);
    if (seen.every((one) => 'away' in one)) throw new ToolFailed('No HAProxy answers.');
  });
}

async function reloadAll(data: string | undefined, json: boolean): Promise<void> {
  await reach(data, async (haproxies, redis, registry) => {
    // One after the other: the second takes all players should the first not come back.
    for (const { name, api, config, master } of haproxies) {
      if (master === undefined) throw new ToolFailed(`${name} is not run by a local cluster: send its master SIGUSR2.`);
      const tell = (line: string) => void process.stderr.write(`${line}\n`);
      const signal = (pid: number) => void process.kill(pid, 'SIGUSR2');
      const done = await reload({ name, master, api, config, redis, registry, clock, tell, signal });
      if (json) print(JSON.stringify(done));
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
    .option('data', {
      type: 'string',
      describe: 'data folder of a local cluster; without it REDIS_URL and HAPROXY_SOCKET count, else .hokm',
    })
    .option('json', { type: 'boolean', default: false, describe: 'as JSON' })
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
