/** `status`: what there is, what is under way, who decides. */

import type { Argv } from 'yargs';
import { serverFaults } from '../../src/redis/client.js';
import { isoTime, sleep } from '../../src/runtime/clock.js';
import { type Spend, spend, spendInWords } from '../cost.js';
import { fullness } from '../decide/rebalance.js';
import { inWordsOf } from '../duration.js';
import { observe } from '../observe.js';
import type { Policy } from '../policy/schema.js';
import type { DecisionRecord } from '../record.js';
import { columns } from '../table.js';
import { type Cluster, clusterConfig, clusterOptions, policyOf, policyOptions, withCluster } from './cluster.js';
import { print, printJson } from './output.js';

const STATUS_SCHEMA = 'hokm-autoscaler/status@1';
const WATCH_MS = 1_000;
const CLEAR = '\x1b[H\x1b[J';

export function status(cli: Argv) {
  return cli.command(
    'status',
    'Instances by state, load, drains and what is left of them, lock, last decision',
    (options) =>
      clusterOptions(policyOptions(options))
        .option('watch', { type: 'boolean', default: false, describe: 'again every second, until Ctrl-C' })
        .example('$0 status --watch', '')
        .example('$0 status --json | jq .spend', ''),
    async (args) => {
      const policy = policyOf(args, clusterConfig(args));
      await withCluster(
        args,
        'status',
        async (cluster) => {
          for (;;) {
            const seen = await look(cluster, policy);
            if (args.json) printJson(seen);
            else print(`${args.watch && process.stdout.isTTY ? CLEAR : ''}${describe(seen, policy)}`);
            if (!args.watch) return;
            await sleep(cluster.clock, WATCH_MS);
          }
        },
        'warn',
      );
    },
  );
}

interface Status {
  readonly schema: typeof STATUS_SCHEMA;
  readonly at: string;
  readonly instances: readonly {
    id: string;
    state: string;
    players: number;
    rooms: number;
    full: number;
    loop_delay_ms: number;
    up_s: number;
  }[];
  readonly drains: readonly {
    id: string;
    step: string;
    reason: string;
    players: number;
    rooms: number;
    deadline_s: number;
  }[];
  readonly boots: readonly { key: string; for_s: number }[];
  readonly lock: { readonly holder: string; readonly ms: number } | null;
  readonly hold: { readonly count: number; readonly for_s: number } | null;
  readonly paused: { readonly in_s: number; readonly out_s: number };
  readonly last_decision: DecisionRecord | null;
  /** What operators have to mend in Redis, one line each. */
  readonly redis_faults: readonly string[];
  readonly spend: Spend;
}

async function look(cluster: Cluster, policy: Policy): Promise<Status> {
  const { config, store, history } = cluster;
  const observation = await observe({ ...cluster, heartbeatMs: config.HOKM_HEARTBEAT_MS });
  const { now, state, hand } = observation;
  const { instances } = observation.look;
  const [lock, [last], points, faults] = await Promise.all([
    store.lockHolder(),
    store.decisions(1),
    history.load(now),
    serverFaults(cluster.redis, config),
  ]);
  const seconds = (until: number) => Math.max(0, Math.round((until - now) / 1000));
  return {
    schema: STATUS_SCHEMA,
    at: isoTime(now),
    instances: instances.map((each) => ({
      id: each.id,
      state: each.state,
      players: each.players,
      rooms: each.rooms,
      full: Math.round(fullness(each, policy) * 1000) / 1000,
      loop_delay_ms: each.loopDelayMs,
      up_s: seconds(2 * now - each.startedAt),
    })),
    drains: state.drains.map((drain) => {
      const left = instances.find(({ id }) => id === drain.id);
      const { id, step, reason, deadline } = drain;
      return { id, step, reason, players: left?.players ?? 0, rooms: left?.rooms ?? 0, deadline_s: seconds(deadline) };
    }),
    boots: state.boots.pending.map(({ key, at }) => ({ key, for_s: seconds(2 * now - at) })),
    lock,
    hold: hand.hold && hand.hold.until > now ? { count: hand.hold.count, for_s: seconds(hand.hold.until) } : null,
    paused: { in_s: seconds(hand.pauseIn), out_s: seconds(hand.pauseOut) },
    last_decision: last ?? null,
    redis_faults: faults,
    spend: spend(
      points,
      policy,
      instances.map(({ type }) => type),
    ),
  };
}

function describe(seen: Status, policy: Policy): string {
  const lines = [`${seen.at}  ${seen.lock ? `decided by ${seen.lock.holder}` : 'no autoscaler runs'}`, ''];
  if (seen.instances.length === 0) lines.push('No instances.');
  else {
    lines.push(
      columns([
        ['instance', 'state', 'players', 'rooms', 'full', 'loop ms', 'up'],
        ...seen.instances.map((each) => [
          each.id,
          each.state,
          String(each.players),
          String(each.rooms),
          `${Math.round(each.full * 100)} %`,
          each.loop_delay_ms.toFixed(1),
          inWordsOf(each.up_s * 1000),
        ]),
      ]),
    );
  }
  for (const drain of seen.drains) {
    lines.push(
      `Drain of ${drain.id} (${drain.reason}): ${drain.step}, ${drain.players} players and ${drain.rooms} rooms left, ${drain.deadline_s} s to its deadline`,
    );
  }
  for (const boot of seen.boots) lines.push(`Boot ${boot.key}: for ${boot.for_s} s`);
  if (seen.hold) lines.push(`Held at ${seen.hold.count} for ${inWordsOf(seen.hold.for_s * 1000)}`);
  if (seen.paused.in_s > 0) lines.push(`Scale-in is paused for ${inWordsOf(seen.paused.in_s * 1000)}`);
  if (seen.paused.out_s > 0) lines.push(`Scale-out is paused for ${inWordsOf(seen.paused.out_s * 1000)}`);
  for (const fault of seen.redis_faults) lines.push(`Redis: ${fault}`);
  const last = seen.last_decision;
  lines.push('');
  if (last) {
    lines.push(
      `Last decision ${last.id} (${last.mode}): load ${last.load} instances, ${last.wanted} wanted (min ${policy.min}, max ${policy.max})`,
    );
    for (const action of last.actions) lines.push(`  → ${action.text}`);
    for (const refusal of last.refusals) lines.push(`  refused: ${refusal.text}`);
  } else lines.push('No decision yet.');
  lines.push('', spendInWords(seen.spend));
  return lines.join('\n');
}
