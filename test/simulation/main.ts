/** `npm run simulate`: whole clusters in one thread, from seeds. Run by deploy/local/bootstrap.mjs. */
import { Coverage, REQUIRED_SEEDS } from './coverage.js';
import { NONE, parseOptions } from './options.js';
import { required } from './required.js';
import { shrink, simulatePart } from './shrink.js';
import { breath, type Outcome, simulate } from './simulate.js';

/** Between two lines about how far it is, ms. */
const PROGRESS_MS = 10_000;

const tell = (line: string) => void process.stderr.write(`${line}\n`);

interface Sums {
  seeds: number;
  commits: number;
  acked: number;
  takeovers: number;
  faults: number;
  simulated_ms: number;
}

/** One line for one seed; `story` tells what happened to it. */
function lines({ seed, story, violations, commits, takeovers, fingerprint }: Outcome, tellStory: boolean): string[] {
  if (!tellStory && violations.length === 0) return [];
  return [
    `seed ${seed}: ${commits} commits, ${takeovers} takeovers, fingerprint ${fingerprint}`,
    ...story.map((fault) => `  ${fault}`),
    ...violations.map((violation) => `  VIOLATION ${violation}`),
  ];
}

/** The faults that are enough for the violation of `whole`, which it tells. */
async function fewest(whole: Outcome): Promise<readonly number[]> {
  const { kept, outcome, tries } = await shrink(whole);
  tell(`  ${kept.length} of ${whole.faults} faults are enough, found in ${tries} clusters:`);
  for (const line of lines(outcome, true)) tell(`  ${line}`);
  return kept;
}

/** The options that tell the same story again. */
function again(seed: number, faults: readonly number[] | undefined): string {
  return `--seeds 1 --from ${seed}${faults ? ` --faults ${faults.join(',') || NONE}` : ''} --story`;
}

async function main(): Promise<number> {
  const options = await parseOptions(process.argv.slice(2));
  const { seeds, from, json, story, first, shrink: shrinks, faults } = options;
  // Started by a test: its end is ours.
  process.on('disconnect', () => process.exit(1));
  process.channel?.unref();
  // Failures are part of every run, and nobody reads where they came from.
  Error.stackTraceLimit = 0;
  const startedAt = performance.now();
  const sums: Sums = { seeds: 0, commits: 0, acked: 0, takeovers: 0, faults: 0, simulated_ms: 0 };
  const red: { readonly seed: number; readonly faults: readonly number[] | undefined }[] = [];
  const coverage = new Coverage();
  let toldAt = startedAt;
  for (let seed = from; seed < from + seeds && !(first && red.length > 0); seed++) {
    const outcome = await (faults ? simulatePart(seed, faults) : simulate(seed));
    for (const line of lines(outcome, story)) tell(line);
    if (outcome.violations.length > 0) red.push({ seed, faults: shrinks ? await fewest(outcome) : faults });
    coverage.add(outcome.coverage);
    sums.seeds += 1;
    sums.commits += outcome.commits;
    sums.acked += outcome.acked;
    sums.takeovers += outcome.takeovers;
    sums.faults += outcome.faults;
    sums.simulated_ms += outcome.ms;
    await breath();
    if (performance.now() - toldAt < PROGRESS_MS) continue;
    toldAt = performance.now();
    tell(`${sums.seeds} of ${seeds} seeds, ${red.length} with violations`);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpu = process.cpuUsage().user / 1_000_000;
  process.stdout.write(
    `${sums.seeds} clusters, ${sums.commits} commits, ${sums.acked} acknowledged commands, ${sums.faults} faults, ` +
      `${sums.takeovers} takeovers: ${red.length} with violations; ${(sums.seeds / seconds).toFixed(1)} a second, ` +
      `${(sums.seeds / cpu).toFixed(1)} a second of processor time\n`,
  );
  for (const one of red) process.stdout.write(`FAILED: npm run simulate -- ${again(one.seed, one.faults)}\n`);
  if (options.coverage) process.stdout.write(`${coverage.table(required).join('\n')}\n`);
  const missing = sums.seeds >= REQUIRED_SEEDS ? coverage.missing(required) : [];
  for (const one of missing) process.stdout.write(`NOT EXERCISED in ${sums.seeds} seeds: ${one}\n`);
  if (json) {
    const perSecond = { wall: sums.seeds / seconds, cpu: sums.seeds / cpu };
    process.stdout.write(
      `${JSON.stringify({ from, ...sums, per_second: perSecond, failed: red.map(({ seed }) => seed) })}\n`,
    );
  }
  return red.length + missing.length > 0 ? 1 : 0;
}

process.exitCode = await main().catch((error: Error) => {
  tell(error.message);
  return 1;
});
setImmediate(() => process.exit());
