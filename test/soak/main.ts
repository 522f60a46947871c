/** `npm run soak`: whether a cluster that is used and hurt for long grows. Run by deploy/local/bootstrap.mjs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import yargs from 'yargs';
import { page } from '../../autoscaler/picture.js';
import { randomHex } from '../../src/runtime/random.js';
import { findFault } from '../chaos/faults/all.js';
import type { Fault } from '../chaos/faults/fault.js';
import { percentile } from '../chaos/report.js';
import { Seeded } from '../chaos/seeded.js';
import { QUANTITIES } from './meter.js';
import { type SoakOptions, type SoakReport, soak } from './soak.js';

const INTERRUPTED = 130;
const tell = (line: string) => void process.stderr.write(`${(performance.now() / 1_000).toFixed(1)} s  ${line}\n`);

interface Given {
  readonly soak: SoakOptions;
  readonly json: boolean;
  readonly report: string;
}

/** Faults that leave the cluster as it was, with a Redis of its own. */
function usable(list: string): Fault[] {
  const faults = list.split(',').map(findFault);
  const other = faults.find(({ redis, losesTail, needs }) => redis !== 'own' || losesTail || needs);
  if (other) throw new Error(`${other.name} needs another cluster: npm run chaos.`);
  return faults;
}

async function parse(args: readonly string[]): Promise<Given> {
  const given = await yargs([...args])
    .scriptName('npm run soak --')
    .usage('$0 [options]\n\nPlays, restarts and hurts one cluster for long, and shows whether anything grows.')
    .option('minutes', { type: 'number', default: 60 })
    .option('rooms', { type: 'number', default: 60, describe: 'rooms of four clients at a time' })
    .option('faults', {
      type: 'string',
      default: 'none,rolling,sigkill,haproxy-reload,sigterm,redis-restart',
      describe: 'one after the other, again and again; with commas',
    })
    .option('instances', { type: 'number', default: 3, describe: 'game instances' })
    .option('sample', { type: 'number', default: 5, describe: 'between two samples, s' })
    .option('seed', { type: 'number', default: Number.parseInt(randomHex(4), 16), defaultDescription: 'random' })
    .option('report', { type: 'string', default: 'test-output/soak.html', describe: 'file of the page with curves' })
    .option('json', { type: 'boolean', default: false, describe: 'one line of JSON at the end' })
    .strict()
    .version(false)
    .check(({ minutes, rooms, sample, faults }) => {
      if (!(minutes > 0 && minutes <= 10_000)) throw new Error('--minutes must be above 0.');
      if (!(Number.isInteger(rooms) && rooms >= 4)) throw new Error('--rooms must be a whole number, 4 or more.');
      if (!(sample > 0)) throw new Error('--sample must be above 0.');
      usable(faults);
      return true;
    })
    .fail((message, error) => {
      throw new Error(message || error.message);
    })
    .parseAsync();
  const { minutes, rooms, instances, seed, json, report } = given;
  const faults = usable(given.faults);
  const fixed = { runs: 1, keep: false, oneCluster: true, seatDelayMs: 100, asleepMs: 60_000 };
  return {
    soak: { ...fixed, minutes, rooms, instances, seed, json, report, faults, sampleMs: given.sample * 1_000 },
    json,
    report,
  };
}

const rounded = (value: number) => Math.round(value * 10) / 10;

function rows(report: SoakReport): string[][] {
  const quantities = QUANTITIES.map(({ name, unit }) => {
    const { from, to, flat } = report.grown[name];
    return [name, `${rounded(from)} ${unit}`, `${rounded(to)} ${unit}`, flat ? 'flat' : 'GROWS'];
  });
  const faults = report.outcomes.map(({ fault, runs, samples }) => {
    const stops = samples.map(({ stop }) => stop);
    const at = (p: number) => `${Math.round(percentile(stops, p))} ms`;
    return [`${fault.name}, ${runs} times`, at(50), at(99), ''];
  });
  return [['', 'second third', 'last third', ''], ...quantities, ['stops', 'median', '99 of 100', ''], ...faults];
}

function picture(report: SoakReport): string {
  const charts = QUANTITIES.map(({ name, unit }) => ({
    title: name,
    unit,
    startMs: report.startedAt,
    stepMs: report.sampleMs,
    series: [{ name, colour: '#1f6feb', values: report.meter.values(name), kind: 'line' as const }],
  }));
  const { acked, violations } = report;
  return page(`Soak: ${acked} acknowledged moves, ${violations} violations`, charts, rows(report));
}

async function main(): Promise<number> {
  const aborted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => aborted.abort());
  const given = await parse(process.argv.slice(2));
  tell(`seed ${given.soak.seed}`);
  // What players have left is gone for good within minutes: a soak of minutes shall see that too.
  process.env.HOKM_IDLE_ROOM_MS ??= '20000';
  const report = await soak(given.soak, new Seeded(given.soak.seed), aborted.signal, tell).catch((error: Error) => {
    if (!aborted.signal.aborted) throw error;
    return undefined;
  });
  if (!report) return INTERRUPTED;
  mkdirSync(dirname(given.report), { recursive: true });
  writeFileSync(given.report, picture(report));
  for (const row of rows(report))
    process.stdout.write(
      `${row
        .map((cell) => cell.padEnd(26))
        .join('')
        .trimEnd()}\n`,
    );
  for (const complaint of report.complaints) process.stdout.write(`FAILED ${complaint}\n`);
  process.stdout.write(`Curves: ${resolve(given.report)}\n`);
  const { acked, violations, complaints, grown } = report;
  if (given.json)
    process.stdout.write(`${JSON.stringify({ acked, violations, complaints: complaints.length, grown })}\n`);
  const flat = Object.values(grown).every((one) => one.flat);
  return flat && violations + complaints.length === 0 ? 0 : 1;
}

process.exitCode = await main().catch((error: Error) => {
  tell(error.message);
  return 1;
});
setImmediate(() => process.exit());
