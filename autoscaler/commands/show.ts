/** `explain` and `forecast`: why this number, and what is expected. */
import { writeFileSync } from 'node:fs';
import type { Argv } from 'yargs';
import { spend, spendInWords } from '../cost.js';
import { parseDuration } from '../duration.js';
import { inOneLine, explain as inWords } from '../explain.js';
import { type ForecastRow, lookAhead } from '../forecast/far.js';
import { loadOf } from '../forecast/feed.js';
import type { Point } from '../history.js';
import { type Chart, page, svg } from '../picture.js';
import type { Policy } from '../policy/schema.js';
import { columns } from '../table.js';
import { Told } from '../told.js';
import { clusterConfig, clusterOptions, policyOf, policyOptions, withCluster } from './cluster.js';
import { print, printJson, say } from './output.js';

const FORECAST_SCHEMA = 'hokm-autoscaler/forecast@1';
const MINUTE_MS = 60_000;
const DAY_MIN = 1440;

export function explain(cli: Argv) {
  return cli.command(
    'explain',
    'Why this number, and what would change it',
    (options) =>
      clusterOptions(policyOptions(options))
        .option('decision', { type: 'string', requiresArg: true, describe: 'its id; by default the last one' })
        .option('last', { type: 'number', requiresArg: true, describe: 'one line for each of so many decisions' })
        .example('$0 explain', 'the last decision')
        .example('$0 explain --decision d-1a2b3c4d', ''),
    async (args) => {
      const policy = policyOf(args, clusterConfig(args));
      await withCluster(
        args,
        'explain',
        async ({ store, history, registry, clock }) => {
          if (args.last !== undefined) {
            const records = await store.decisions(args.last);
            if (args.json) for (const record of records) printJson(record);
            else for (const record of records.reverse()) print(inOneLine(record));
            return;
          }
          const record =
            args.decision === undefined ? (await store.decisions(1))[0] : await store.decision(args.decision);
          if (!record) {
            throw new Told(
              args.decision === undefined ? 'There is no decision yet.' : `There is no decision ${args.decision}.`,
            );
          }
          if (args.json) return printJson(record);
          const { instances } = await registry.list();
          const types = instances.map(({ zone }) => zone);
          print(`${inWords(record)}\n${spendInWords(spend(await history.load(clock.now()), policy, types))}`);
        },
        'warn',
      );
    },
  );
}

export function forecast(cli: Argv) {
  return cli.command(
    'forecast',
    'What load is expected: table, CSV or picture, with quantiles',
    (options) =>
      clusterOptions(policyOptions(options))
        .option('horizon', { type: 'string', default: '2h', requiresArg: true, describe: 'how far ahead, as 24h' })
        .option('csv', { type: 'boolean', default: false, describe: 'as CSV' })
        .option('picture', { type: 'string', requiresArg: true, describe: 'draws into this file, .svg or .html' })
        .example('$0 forecast --horizon 24h --picture forecast.html', ''),
    async (args) => {
      const policy = policyOf(args, clusterConfig(args));
      const ahead = Math.ceil(parseDuration(args.horizon, '--horizon') / MINUTE_MS);
      if (ahead > 7 * DAY_MIN) throw new Told('--horizon: at most 7d');
      await withCluster(
        args,
        'forecast',
        async ({ history, redis }) => {
          const [seconds] = await redis.time();
          const now = Number(seconds) * 1000;
          const points = await history.load(now);
          const rows = lookAhead(points, policy, Math.floor(now / MINUTE_MS), ahead);
          if (args.picture !== undefined) draw(args.picture, points, rows, policy);
          if (args.json) printJson({ schema: FORECAST_SCHEMA, unit: 'instances', history_min: points.length, rows });
          else if (args.csv) print(csv(rows));
          else print(table(rows, points.length));
        },
        'warn',
      );
    },
  );
}

const HEADER = ['at', 'usual', 'q0.05', 'q0.5', 'q0.95', 'q0.999'];
const cells = (row: ForecastRow): string[] => [
  row.at,
  row.usual.toFixed(3),
  ...[row.q05, row.q50, row.q95, row.q999].map((value) => value.toFixed(3)),
];

const csv = (rows: readonly ForecastRow[]): string =>
  [HEADER, ...rows.map(cells)].map((row) => row.join(',')).join('\n');

function table(rows: readonly ForecastRow[], known: number): string {
  const hint = known < DAY_MIN ? `\nOnly ${known} min of history: that is persistence with fixed margins.` : '';
  return `${columns([HEADER, ...rows.map(cells)])}\nLoad in instances.${hint}`;
}

function draw(file: string, points: readonly Point[], rows: readonly ForecastRow[], policy: Policy): void {
  const first = rows[0];
  if (!first) return;
  const from = Math.floor(Date.parse(first.at) / MINUTE_MS);
  const back = Math.max(120, Math.min(DAY_MIN, rows.length * 5));
  const length = back + Math.floor(Date.parse(rows.at(-1)?.at ?? first.at) / MINUTE_MS) - from + 1;
  const empty = () => new Float64Array(length).fill(Number.NaN);
  const [seen, paid, middle, upper, lower] = [empty(), empty(), empty(), empty(), empty()];
  for (const point of points) {
    const at = point.minute - from + back;
    if (at < 0 || at >= length) continue;
    seen[at] = loadOf(point, policy);
    paid[at] = point.instances;
  }
  for (const row of rows) {
    const at = Math.floor(Date.parse(row.at) / MINUTE_MS) - from + back;
    middle[at] = row.q50;
    upper[at] = row.q95;
    lower[at] = row.q05;
  }
  const chart: Chart = {
    title: 'Load: seen and forecast',
    unit: 'instances',
    startMs: (from - back) * MINUTE_MS,
    stepMs: MINUTE_MS,
    series: [
      { name: '5 to 95 %', colour: '#9ecae1', values: upper, low: lower, kind: 'band' },
      { name: 'instances', colour: '#d62728', values: paid, kind: 'step' },
      { name: 'seen', colour: '#1f3b73', values: seen, kind: 'line' },
      { name: 'median', colour: '#3182bd', values: middle, kind: 'line' },
    ],
  };
  writeFileSync(file, file.endsWith('.svg') ? svg(chart) : page('Forecast', [chart], []));
  say(`drawn: ${file}`);
}
