/** `npm run attack`: a real cluster, real attacks, and players beside them. Run by deploy/local/bootstrap.mjs. */
import { ToolFailed } from '../../deploy/ops/tool.js';
import { randomHex } from '../../src/runtime/random.js';
import type { Violation } from '../chaos/checker.js';
import { Seeded } from '../chaos/seeded.js';
import type { Limits } from './attack.js';
import { mix } from './mixture.js';
import { brokenOf, mixtureTable } from './mixture-report.js';
import { type Options, parseOptions } from './options.js';
import { type Played, type Row, type Summary, table } from './report.js';
import { SETTINGS, Stage, type StageOptions } from './stage.js';

const INTERRUPTED = 130;
const MISUSED = 2;
const LIMITS: readonly Limits[] = ['default', 'lifted'];

const tell = (line: string) => void process.stderr.write(`${line}\n`);
const write = (line: object | string) =>
  void process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);

type Checked = Awaited<ReturnType<Stage['healthy']['check']>>;

function playedIn(checked: readonly Checked[]): Played {
  const violations = checked.flatMap((one) => one.violations);
  for (const { kind, room, seq, text } of violations.slice(0, 20))
    tell(`VIOLATION ${kind} in ${room} at ${seq}: ${text}`);
  const count = (kind: Violation['kind']) => violations.filter((violation) => violation.kind === kind).length;
  const [lost, doubled] = [count('lost'), count('doubled')];
  const acked = checked.reduce((sum, one) => sum + one.acked, 0);
  return { acked, lost, doubled, violations: violations.length - lost - doubled };
}

/** One attack after the other. @returns whether all was held */
async function runRows(options: Options, stageOptions: StageOptions): Promise<boolean> {
  const rows: Row[] = [];
  const checked: Checked[] = [];
  for (const limits of LIMITS) {
    const attacks = options.attacks.filter((attack) => attack.limits === limits);
    if (attacks.length === 0) continue;
    checked.push(
      await onStage(stageOptions, async (stage) => {
        await stage.open(SETTINGS[limits]);
        for (const attack of attacks) {
          const row = await stage.run(attack, options.share);
          rows.push(row);
          if (options.json) write(row);
        }
        return stage.healthy.check();
      }),
    );
  }
  const played = playedIn(checked);
  const { lost, doubled, violations } = played;
  const held = lost + doubled + violations === 0 && rows.every(({ broken }) => broken.length === 0);
  const summary: Summary = { seed: options.seed, held, played, rows };
  write(options.json ? { seed: summary.seed, held, played } : table(summary));
  return held;
}

/** All attacks beside one another. @returns whether all was held */
async function runMixture(options: Options, stageOptions: StageOptions): Promise<boolean> {
  const { attacks, rooms, mixture: seconds, ratio, json, seed } = options;
  const { random } = stageOptions;
  const [mixture, checked] = await onStage(stageOptions, async (stage) => {
    const done = await mix(stage, { attacks, rooms, seconds, random, stopMs: options.stopMs, tell });
    return [done, await stage.healthy.check()] as const;
  });
  const played = playedIn([checked]);
  const broken = brokenOf(mixture, played, ratio);
  const held = broken.length === 0;
  if (json) {
    const { mixed, ...rest } = mixture;
    for (const one of mixed) write(one);
    write({ seed, held, played, ...rest, broken });
  } else write(mixtureTable(mixture, played, broken, seed));
  return held;
}

/** Told to stop: what is under way is left. */
class Interrupted extends Error {}

const aborted = new AbortController();
const interrupted = new Promise<never>((_, reject) => {
  aborted.signal.addEventListener('abort', () => reject(new Interrupted()));
});
interrupted.catch(() => undefined);

async function onStage<T>(options: StageOptions, work: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = new Stage(options);
  try {
    return await Promise.race([work(stage), interrupted]);
  } finally {
    await stage.close();
  }
}

async function main(): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => aborted.abort());
  // Started by a test: its end is ours.
  process.on('disconnect', () => aborted.abort());
  process.channel?.unref();
  const options = await parseOptions(process.argv.slice(2), Number.parseInt(randomHex(4), 16));
  const { seed, instances, stopMs } = options;
  tell(`seed ${seed}`);
  const stage: StageOptions = { instances, stopMs, random: new Seeded(seed), tell };
  return (await (options.mixture > 0 ? runMixture : runRows)(options, stage)) ? 0 : 1;
}

process.exitCode = await main().catch((error: Error) => {
  if (error instanceof Interrupted) return INTERRUPTED;
  const misused = error instanceof ToolFailed;
  tell(misused ? error.message : (error.stack ?? error.message));
  return misused ? MISUSED : 1;
});
// Timers and sockets of clients may still be open; stdout is flushed before the event loop turns again.
setImmediate(() => process.exit());
