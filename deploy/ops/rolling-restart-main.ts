/** `rolling-restart`: restarts every instance of a cluster while it is played on. */
import { openDriver } from '../../autoscaler/drivers/open.js';
import { loadPolicy } from '../../autoscaler/policy/load.js';
import { Registry } from '../../src/cluster/registry.js';
import { autoscalerConfig } from '../../src/config.js';
import type { InstanceId } from '../../src/protocol/ids.js';
import type { RedisConnection } from '../../src/redis/client.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { serversUp } from '../local/admin-socket.js';
import { askSupervisor } from '../local/control-protocol.js';
import { onStopSignals } from '../local/stop-signals.js';
import { reachCluster } from './cluster-access.js';
import { drivenFleet, supervisedFleet } from './fleet.js';
import type { LocalClusterFacts } from './local-cluster.js';
import { RollingRestart, type RollingRestartDeps } from './rolling-restart.js';
import { commandLine, runTool, ToolFailed } from './tool.js';

/** Of a shell for a program that Ctrl-C ended. */
const KILLED = 130;
/** The instances of `npm start` stay on this machine. */
const LOCAL_HOST = '127.0.0.1';
/** A boot may take so many times as long as the policy says, and at least LEAST_BOOT_MS. */
const PATIENCE = 3;
const LEAST_BOOT_MS = 60_000;
/** Full comparisons that a controller must have begun since the instance was ready. */
const COMPARISONS = 2;

type Means = Pick<RollingRestartDeps, 'fleet' | 'getsPlayers' | 'longestStepMs'>;

function bySupervisor({ control_socket, haproxies }: LocalClusterFacts): Means {
  return {
    fleet: supervisedFleet((request) => askSupervisor(control_socket, request), LOCAL_HOST),
    getsPlayers: async ({ place }) => {
      const up = await Promise.all(haproxies.map(({ socket }) => serversUp(socket)));
      return up.every((places) => places.has(place));
    },
  };
}

/** @throws ToolFailed, Told */
function byDriver(redis: RedisConnection, policyFile: string | undefined, clock: SystemClock): Means {
  const config = autoscalerConfig();
  const file = policyFile ?? config.HOKM_POLICY;
  if (file === undefined) {
    throw new ToolFailed('--policy (or HOKM_POLICY) must name the policy whose driver starts and stops instances.');
  }
  const policy = loadPolicy(file);
  if (policy.driver.type === 'none') throw new ToolFailed(`${file} names no driver that could start an instance.`);
  const registry = new Registry(redis, config.HOKM_LEASE_MS);
  const bootMs = Math.max(LEAST_BOOT_MS, PATIENCE * policy.boot_s * 1_000);
  const fleet = drivenFleet({
    driver: openDriver(policy.driver, config),
    registry,
    clock,
    fencing: async () => Number((await redis.get(redis.keyspace.autoscaler.fencing)) ?? 0),
    bootMs,
  });
  /** For each instance, what each controller said of its comparisons since it was ready. */
  const seen = new Map<string, Set<string>>();
  return {
    fleet,
    longestStepMs: 2 * bootMs,
    // The HAProxies are on other hosts: what their controllers report of them is in the registry.
    getsPlayers: async ({ id }) => {
      const [reports, unreachable] = await Promise.all([registry.controllerReports(), registry.unreachable()]);
      if (unreachable.has(id as InstanceId)) return false;
      return reports.every(({ id: controller, last_reconcile }) => {
        const key = `${id} ${controller}`;
        const moments = (seen.get(key) ?? new Set()).add(last_reconcile ?? '');
        seen.set(key, moments);
        return moments.size > COMPARISONS;
      });
    },
  };
}

await runTool(async () => {
  const { data, policy } = await commandLine(
    'rolling-restart',
    'Restarts every instance of a cluster, one at a time, under load.',
    '[options]',
  )
    .option('data', {
      type: 'string',
      requiresArg: true,
      describe: 'data folder of a local cluster; without it REDIS_URL or REDIS_SENTINELS count, else .hokm',
    })
    .option('policy', {
      type: 'string',
      requiresArg: true,
      describe: 'any other cluster: the policy file whose driver starts and stops instances; else HOKM_POLICY',
    })
    .example('$0', 'the cluster of npm start')
    .example('REDIS_URL=redis://10.0.0.5 $0 --policy /etc/hokm/policy.yaml', 'any other, by the driver of its policy')
    .parseAsync();
  const { redis, local } = await reachCluster(data, undefined, 'rolling-restart');
  const clock = new SystemClock();
  let interrupted = false;
  const tell = (line: string) => process.stdout.write(`${line}\n`);
  try {
    const means = local ? bySupervisor(local) : byDriver(redis, policy, clock);
    const restart = new RollingRestart({ ...means, redis, clock, tell, interrupted: () => interrupted });
    onStopSignals(
      clock,
      () => {
        interrupted = true;
        tell('Stopping after the instance that is being restarted (Ctrl-C again: at once) …');
      },
      () => void restart.forget().finally(() => process.exit(KILLED)),
    );
    await restart.run();
    return 0;
  } finally {
    redis.disconnect();
  }
});
