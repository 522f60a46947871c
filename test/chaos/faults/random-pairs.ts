/**
 * A rolling restart with a failover in it, and any other process of the cluster killed at any moment of it: an instance, a
 * node of Redis, a sentinel, HAProxy, the controller or the autoscaler. Whatever is killed is started again, as everywhere.
 */

import { once } from 'node:events';
import { askSupervisor, type ControlChild } from '../../../deploy/local/control-protocol.js';
import { KEYS } from '../../support/keys.js';
import { until } from '../../support/programs.js';
import type { Arena, Fault } from './fault.js';
import { signal } from './signal.js';

/** As long as a rolling restart without faults takes. */
const WINDOW_MS = 6_000;
/** Until a supervisor starts again what has ended. */
const RESTART_MS = 1_000;
const STEADY_MS = 60_000;

/** Kinds of processes, each as likely as the others, however many there are of it. */
const KINDS = ['instance', 'node', 'sentinel', 'haproxy', 'controller', 'autoscaler'] as const;

export const randomPairs: Fault = {
  name: 'random-pairs',
  redis: 'sentinel',
  boundMs: 13_000 + 6_000,
  losesTail: true,
  ownMoments: true,
  // The autoscaler runs, by the policy that comes with the cluster.
  settings: { HOKM_POLICY: '' },
  async run(arena) {
    const { cluster, load, random, strike, pause, tell } = arena;
    const [failoverMs, killMs] = [random.between(0, WINDOW_MS), random.between(0, WINDOW_MS)];
    const kind = KINDS[random.between(0, KINDS.length - 1)] ?? 'instance';
    const wanted = cluster.facts().instances.length;
    // One that was killed with its rolling restart would keep the next one from beginning.
    await cluster.redis.del(KEYS.rollingRestart);
    const restart = cluster.run('rolling-restart');
    let said = '';
    restart.stderr?.on('data', (text) => {
      said += text;
    });
    const ended = once(restart, 'exit').then(([code]) => {
      if (code !== 0) tell(`the rolling restart ended with ${code}: ${said.trim().split('\n').at(-1)}`);
    });
    const hit = async (afterMs: number, kill: () => Promise<Killed>) => {
      await pause(afterMs);
      const { what, inject, recover } = await kill();
      tell(`kills ${what} ${(afterMs / 1_000).toFixed(1)} s after the beginning`);
      const progress = strike({ affected: load.rooms.keys(), cuts: false, inject });
      await pause(RESTART_MS);
      const recovered = recover();
      await Promise.all([progress, recovered]);
    };
    const gone: number[] = [];
    await Promise.all([
      hit(failoverMs, () => primaryOf(arena)),
      hit(killMs, () => (kind === 'node' || kind === 'sentinel' ? partOfRedis(arena, kind) : child(arena, kind, gone))),
    ]);
    await ended;
    await arena.sentinel?.copied();
    await withoutSpare(arena, wanted);
    return gone;
  },
};

interface Killed {
  readonly what: string;
  readonly inject: () => void;
  readonly recover: () => Promise<void>;
}

async function primaryOf({ sentinel }: Arena): Promise<Killed> {
  if (!sentinel) throw new Error('there is no Sentinel');
  const port = await sentinel.primary();
  return {
    what: 'the primary',
    inject: () => sentinel.signal(port, 'SIGKILL'),
    // Started again at once it would be primary as before, and nothing would fail over.
    recover: () => sentinel.rejoin(port),
  };
}

async function partOfRedis({ sentinel, random }: Arena, kind: 'node' | 'sentinel'): Promise<Killed> {
  if (!sentinel) throw new Error('there is no Sentinel');
  const { nodePorts, sentinelPorts } = sentinel;
  const ports = kind === 'node' ? nodePorts : sentinelPorts;
  const at = random.between(0, ports.length - 1);
  const port = ports[at];
  if (port === undefined) throw new Error(`there is no ${kind}`);
  if (kind === 'node') {
    return {
      what: `node ${at + 1} of Redis`,
      inject: () => sentinel.signal(port, 'SIGKILL'),
      recover: () => sentinel.restart(port),
    };
  }
  return {
    what: `sentinel ${at + 1}`,
    inject: () => sentinel.killSentinel(port),
    recover: () => sentinel.restartSentinel(port),
  };
}

/** What the supervisor of the cluster runs, and starts again by itself. */
async function child({ cluster, random }: Arena, kind: ControlChild['kind'], gone: number[]): Promise<Killed> {
  const { children } = await askSupervisor(cluster.facts().control_socket, { request: 'list' });
  const running = children.filter((one) => one.kind === kind && one.pid !== null);
  const chosen = running[random.between(0, Math.max(0, running.length - 1))];
  const pid = chosen?.pid ?? undefined;
  return {
    what: chosen && pid !== undefined ? chosen.name : `no ${kind}, as none runs`,
    inject: () => {
      if (pid === undefined) return;
      gone.push(pid);
      // HAProxy's master leads a process group of its own, with its workers.
      signal(kind === 'haproxy' ? -pid : pid, 'SIGKILL');
    },
    recover: () => Promise.resolve(),
  };
}

/** A rolling restart that was broken off leaves an instance more than there were. */
async function withoutSpare({ cluster, tell }: Arena, wanted: number): Promise<void> {
  const running = () => cluster.facts().instances;
  await until('enough instances run', () => running().length >= wanted, STEADY_MS);
  for (const { id } of running().slice(wanted)) {
    tell(`stops ${id}, which is one too many`);
    const request = { request: 'stop-instance', id } as const;
    await askSupervisor(cluster.facts().control_socket, request).catch((error: Error) => tell(error.message));
  }
}
