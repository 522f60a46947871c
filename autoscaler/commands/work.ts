/** `plan`, `once`, `run`: decisions, without effect, for cron, and all the time. */
import type { Argv } from 'yargs';
import { Lifecycle } from '../../src/runtime/lifecycle.js';
import { changeLevel } from '../../src/runtime/log.js';
import { Daemon } from '../daemon.js';
import type { Driver } from '../drivers/driver.js';
import { explain, how, inOneLine } from '../explain.js';
import { Lock } from '../lock.js';
import type { Policy } from '../policy/schema.js';
import type { DecisionRecord } from '../record.js';
import { planAt } from './at.js';
import { clusterConfig, clusterOptions, policyOf, policyOptions, runnerFor, withCluster } from './cluster.js';
import { print, printJson, say } from './output.js';

export const EXIT = { nothing: 0, error: 1, changes: 2, lockHeld: 3, stale: 4, targetMissed: 5 } as const;

const CRON_TICK_MS = 60_000;
const STOP_MS = 10_000;

export function plan(cli: Argv) {
  return cli.command(
    'plan',
    'The whole decision, without effect and without the lock',
    (options) =>
      clusterOptions(policyOptions(options))
        .option('at', {
          type: 'string',
          requiresArg: true,
          describe: 'for another time, ISO-8601; the load is then as kept, or as usual',
        })
        .example('$0 plan', 'what the autoscaler would do now')
        .example('$0 plan --at 2026-12-31T20:00:00Z --json', 'and on that evening')
        .epilog('Exit: 0 nothing to do, 2 changes, 1 error.'),
    async (args) => {
      const policy = policyOf(args, clusterConfig(args));
      const record = await withCluster(
        args,
        'plan',
        async (cluster) => {
          const { runner } = runnerFor(cluster, policy, { by: 'plan', advisory: true });
          if (args.at !== undefined) return planAt(cluster, policy, args.at);
          return (await runner.plan()).record;
        },
        'warn',
      );
      if (args.json) printJson(record);
      else print(explain(record));
      process.exitCode = record.actions.length > 0 ? EXIT.changes : EXIT.nothing;
    },
  );
}

export function once(cli: Argv) {
  return cli.command(
    'once',
    'One decision under the lock, and its actions: for cron',
    (options) =>
      clusterOptions(policyOptions(options))
        .option('verbose', { type: 'boolean', default: false, describe: 'say it too when nothing changes' })
        .example('$0 once --policy /etc/hokm/policy.yaml', 'quiet when nothing changes: cron then sends no mail')
        .epilog('Exit: 0 done, 1 error, 3 another autoscaler has the lock, 4 figures are stale: scale-in was refused.'),
    async (args) => {
      const policy = policyOf(args, clusterConfig(args));
      const { json, verbose } = args;
      process.exitCode = await withCluster(
        args,
        'once',
        async (cluster) => {
          const options = { by: 'once', advisory: policy.mode === 'advisory', tickMs: CRON_TICK_MS };
          const { runner, driver } = runnerFor(cluster, policy, options);
          const taken = await Lock.take(cluster.lock);
          if (!('lock' in taken)) {
            if (json) printJson({ schema: 'hokm-autoscaler/lock@1', held_by: taken.holder, for_ms: taken.ms });
            else if (verbose || process.stderr.isTTY) say(`${taken.holder} has the lock: it decides.`);
            return EXIT.lockHeld;
          }
          try {
            const record = await runner.run(taken.lock);
            await driver.close();
            if (json) printJson(record);
            else if (verbose) print(explain(record));
            else for (const action of record.actions) print(`${action.text}${how(action)}`);
            if (record.actions.some(({ outcome }) => outcome === 'failed')) return EXIT.error;
            return isStale(record) ? EXIT.stale : EXIT.nothing;
          } finally {
            await taken.lock.release();
          }
        },
        verbose ? undefined : 'fatal',
      );
    },
  );
}

export function run(cli: Argv) {
  return cli.command(
    'run',
    'The daemon: a decision every tick, until SIGTERM; a second one stands by',
    (options) =>
      clusterOptions(policyOptions(options))
        .option('advisory', { type: 'boolean', default: false, describe: 'decides and says, touches nothing' })
        .example('$0 run --policy policy.yaml', 'as the policy says: advisory or act')
        .example('$0 run --set mode=act --set driver.type=process', 'on one machine, with its supervisor'),
    async (args) => {
      const policy = policyOf(args, clusterConfig(args));
      await withCluster(args, 'daemon', async (cluster) => {
        const { log, clock, config, lock } = cluster;
        const lifecycle = new Lifecycle(log, clock, STOP_MS);
        /** Of all plans that may still have orders under way. */
        const drivers = new Set<Driver>();
        const open = (by: Policy) => {
          const advisory = args.advisory || by.mode === 'advisory';
          const opened = runnerFor(cluster, by, { by: 'daemon', advisory });
          drivers.add(opened.driver);
          const { name: driver } = opened.driver;
          log.info({ mode: advisory ? 'advisory' : 'act', min: by.min, max: by.max, driver }, 'running');
          return opened;
        };
        let current = open(policy);
        const { runner, tickMs } = current;
        const decided = (record: DecisionRecord) => {
          if (args.json) printJson(record);
          if (record.actions.length > 0) process.send?.({ type: 'decided', text: inOneLine(record) });
        };
        const daemon = new Daemon({ lock, runner, clock, log, tickMs, leaseMs: config.HOKM_LEASE_MS, decided });
        const close = (driver: Driver) => driver.close().finally(() => drivers.delete(driver));
        lifecycle.onStop('driver', async () => void (await Promise.all([...drivers].map(close))));
        lifecycle.onStop('daemon', () => daemon.stop());
        lifecycle.stopOnSignals();
        lifecycle.reloadOnHangUp(() => {
          const fresh = clusterConfig(args);
          const { driver: former } = current;
          current = open(policyOf(args, fresh));
          // Neither of them rejects.
          void daemon.use(current).then(() => close(former));
          changeLevel(log, fresh.LOG_LEVEL);
        });
        lifecycle.stopWithParent();
        daemon.start();
        process.send?.({ type: 'ready' });
        await new Promise(() => undefined);
      });
    },
  );
}

function isStale({ refusals, instances }: DecisionRecord): boolean {
  return instances.unknown > 0 || refusals.some(({ code }) => code === 'stale_metrics');
}
