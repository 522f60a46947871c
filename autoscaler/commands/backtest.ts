/** `backtest`: how the policy would have done on a trace, beside the baselines. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Argv } from 'yargs';
import { BASELINES, type BacktestResult, type Baseline, backtest as runBacktest } from '../backtest/backtest.js';
import { picture, table, toJson } from '../backtest/report.js';
import { parseTrace } from '../backtest/trace.js';
import { loadPolicy } from '../policy/load.js';
import { columns } from '../table.js';
import { Told } from '../told.js';
import { jsonOption, policyOptions } from './cluster.js';
import { Progress, print, printJson, say } from './output.js';
import { EXIT } from './work.js';

/** Without a policy the trace decides how many there may be. */
const NO_MAXIMUM = 'max=10000';

export function backtest(cli: Argv) {
  return cli.command(
    'backtest',
    'How the policy would have done on a trace of the past, beside the baselines',
    (options) =>
      jsonOption(policyOptions(options))
        .option('trace', {
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'CSV: ts,value; UTC; a regular grid',
        })
        .option('kind', {
          choices: ['arrivals', 'concurrency'] as const,
          default: 'arrivals' as const,
          describe: 'what the trace counts: those who come, or those who are there',
        })
        .option('boot', { type: 'number', default: 2, describe: 'boot time, whole minutes' })
        .option('seeds', {
          type: 'string',
          default: '1,2,3',
          requiresArg: true,
          describe: 'of the random paths; scores are their mean',
        })
        .option('half', {
          choices: ['first', 'second', 'all'] as const,
          default: 'second' as const,
          describe: 'what is scored; choose parameters on the first only',
        })
        .option('instances-at-peak', { type: 'number', default: 20, describe: "the trace's p99 in instances" })
        .option('migration', { type: 'boolean', default: true, describe: 'rooms move away from a draining instance' })
        .option('compare', {
          choices: [...BASELINES, 'none'] as const,
          describe: 'only this baseline, and exit 5 unless the policy is cheaper and no more under-provisioned',
        })
        .option('max-cost-ratio', { type: 'number', describe: 'a target: exit 5 when it is missed' })
        .option('max-under', { type: 'number', describe: 'a target, under-provisioned minutes a day' })
        .option('picture', { type: 'string', requiresArg: true, describe: 'draws into this file, .svg or .html' })
        .example('$0 backtest --trace load.csv', 'the default policy')
        .example('$0 backtest --trace load.csv --policy policy.yaml --boot 5 --picture load.html', '')
        .example('$0 backtest --trace load.csv --compare hpa70 --json', 'the last line is JSON')
        .epilog('Exit: 0 done, 5 a target is missed, 1 error.'),
    async (args) => {
      const { boot, half, kind, migration, compare } = args;
      const seeds = parseSeeds(args.seeds);
      const instancesAtPeak = args['instances-at-peak'];
      if (!Number.isInteger(boot) || boot < 1 || boot > 60) throw new Told('--boot: whole minutes, 1 to 60');
      if (!(instancesAtPeak >= 1 && instancesAtPeak <= 5000)) throw new Told('--instances-at-peak: 1 to 5000');
      const settings = args.policy === undefined ? [NO_MAXIMUM, ...args.set] : args.set;
      const policy = loadPolicy(args.policy, settings);
      const trace = parseTrace(read(args.trace), args.trace);
      if (trace.filled > 0) say(`${args.trace}: ${trace.filled} missing samples were filled in by straight lines`);
      const progress = new Progress('backtest');
      const baselines: readonly Baseline[] = compare === 'none' ? [] : compare === undefined ? BASELINES : [compare];
      const backtestOptions = { policy, kind, bootMin: boot, seeds, instancesAtPeak, migration, half, baselines };
      const result = runBacktest(trace, {
        ...backtestOptions,
        progress: (share, what) => progress.show(share, what),
      });
      progress.end();
      const name = basename(args.trace);
      if (args.picture !== undefined) {
        writeFileSync(args.picture, picture(result, policy.instance.players, name, !args.picture.endsWith('.svg')));
        say(`drawn: ${args.picture}`);
      }
      const missed = targets(result, args, compare === 'none' ? undefined : compare);
      if (args.json) printJson(toJson(result, backtestOptions, name, missed));
      else {
        print(
          `${name}: ${half} part scored, ${result.scoredDays.toFixed(1)} of ${result.days.toFixed(1)} days, boot ${boot} min, mean of seeds ${seeds.join(', ')}\n`,
        );
        print(columns(table(result)));
        for (const line of missed) print(`Missed: ${line}`);
      }
      process.exitCode = missed.length > 0 ? EXIT.targetMissed : 0;
    },
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Told(code === 'ENOENT' ? `${file}: there is no such file` : `${file}: ${message}`);
  }
}

function parseSeeds(text: string): number[] {
  const seeds = text.split(',').map((word) => (word.trim() === '' ? Number.NaN : Number(word)));
  if (seeds.length > 20 || !seeds.every((seed) => Number.isInteger(seed)))
    throw new Told(`--seeds "${text}": whole numbers, as 1,2,3`);
  return seeds;
}

function targets(
  { ours, baselines }: BacktestResult,
  args: { 'max-cost-ratio'?: number | undefined; 'max-under'?: number | undefined },
  compare: Baseline | undefined,
): string[] {
  const missed: string[] = [];
  const over = (what: string, value: number, limit: number | undefined) => {
    if (limit !== undefined && value > limit) missed.push(`${what} ${value.toFixed(4)}, not ${limit}`);
  };
  over('cost ÷ optimum', ours.cost_ratio, args['max-cost-ratio']);
  over('under-provisioned min/day', ours.under_min_per_day, args['max-under']);
  const other = compare && baselines[compare];
  if (other) {
    over(`cost ÷ optimum, against ${compare},`, ours.cost_ratio, other.cost_ratio);
    over(`under-provisioned min/day, against ${compare},`, ours.under_min_per_day, other.under_min_per_day);
  }
  return missed;
}
