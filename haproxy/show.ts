/** `controller show`: HAProxy beside the registry, read once, nothing changed. */
import type { Registry } from '../src/cluster/registry.js';
import type { ControllerConfig } from '../src/config.js';
import type { RedisConnection } from '../src/redis/client.js';
import { believe, noBelief } from './belief.js';
import { limitsOf } from './controller.js';
import { observe } from './observe.js';
import { reconcile } from './reconcile.js';
import type { RuntimeApi, ShownServer, WorkerInfo } from './runtime-api.js';

export interface Seen {
  readonly worker: WorkerInfo;
  readonly servers: readonly ShownServer[];
  readonly pins: number;
  /** What would make HAProxy equal to Redis, one line each; empty when it is. */
  readonly differences: readonly string[];
  /** What this HAProxy's live controllers report, last reconcile in ms since the epoch. */
  readonly controllers: readonly Readonly<Record<string, string>>[];
}

export interface ShowParts {
  readonly config: ControllerConfig;
  readonly api: RuntimeApi;
  readonly redis: RedisConnection;
  readonly registry: Registry;
  /** Monotonic ms. */
  readonly now: number;
}

export async function look({ config, api, redis, registry, now }: ShowParts): Promise<Seen> {
  const [worker, servers, pins, reading, controllers] = await Promise.all([
    api.info(),
    api.servers(),
    api.pins(),
    observe(redis, registry, now, true),
    registry.controllerReports(),
  ]);
  // Each HAProxy has its own, and sockets have the same path on many hosts. Older controllers do not name their worker.
  const own = controllers.filter(({ socket, worker: its }) =>
    its === undefined ? socket === config.HAPROXY_SOCKET : its === worker.worker,
  );
  // Redis is taken at its word here: a difference is shown even while a controller would still doubt it.
  const limits = { ...limitsOf(config), leaseMs: 0, deleteWaitMs: Number.POSITIVE_INFINITY };
  const belief = { ...believe({ ...noBelief, pulseAt: now }, reading, now, limits), steadySince: now };
  const plan = reconcile(belief, { servers, pins }, new Map(), now, limits);
  const differences = [
    ...plan.problems,
    ...plan.commands.map(
      (command) => `${command.do} ${command.server}${'state' in command ? ` ${command.state}` : ''}`,
    ),
    ...[...plan.pin].map(([room, number]) => `pin ${room} to ${number}`),
    ...plan.unpin.map((room) => `unpin ${room}`),
  ];
  return { worker, servers, pins: pins.size, differences, controllers: own };
}

const LISTED = 20;

/** The same for people. `now` is ms since the epoch. */
export function describe({ worker, servers, pins, differences, controllers }: Seen, now: number): string {
  const { worker: name, uptimeSeconds, connections } = worker;
  const lines = [
    `HAProxy worker ${name}, up ${uptimeSeconds} s: ${connections} connections, ${servers.length} servers, ${pins} pinned rooms`,
  ];
  for (const { name, number, address, weight, state, up } of servers) {
    const health = state === 'maint' ? '' : up ? ', up' : ', DOWN';
    lines.push(
      `  ${name.padEnd(16)} ${String(number).padStart(5)}  ${address.padEnd(21)} weight ${weight}, ${state}${health}`,
    );
  }
  lines.push(differences.length === 0 ? 'Equal to Redis.' : `Different from Redis (${differences.length}):`);
  lines.push(...differences.slice(0, LISTED).map((line) => `  ${line}`));
  if (differences.length > LISTED) lines.push(`  and ${differences.length - LISTED} more`);
  if (controllers.length === 0) lines.push('No controller is running.');
  for (const { id, last_reconcile } of controllers) {
    const ago =
      last_reconcile === undefined
        ? 'not yet'
        : `${Math.max(0, (now - Number(last_reconcile)) / 1000).toFixed(1)} s ago`;
    lines.push(`Controller ${id}: last reconcile ${ago}`);
  }
  return `${lines.join('\n')}\n`;
}
