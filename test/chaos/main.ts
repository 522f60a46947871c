/** `npm run chaos`: a real cluster under load, real faults, and a checker. Run by deploy/local/bootstrap.mjs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { randomHex } from '../../src/runtime/random.js';
import type { Violation } from './checker.js';
import { whyNoCompiler } from './compiler.js';
import type { FaultOutcome } from './fault-outcome.js';
import type { Fault, Need } from './faults/fault.js';
import { none } from './faults/none.js';
import { insideNamespace, runInNamespace, whyNoNamespace } from './namespace.js';
import { type Options, parseOptions } from './options.js';
import { page } from './page.js';
import { summarise, table } from './report.js';
import { Seeded } from './seeded.js';
import { Stage } from './stage.js';

const INTERRUPTED = 130;
const MINUTE_MS = 60_000;
/** More of them say nothing new. */
const BASELINE_RUNS = 5;

const tell = (line: string) => void process.stderr.write(`${(performance.now() / 1_000).toFixed(1)} s  ${line}\n`);

/** Faults that share a cluster: each has its own, unless one is asked for; another kind of cluster is another one. */
function stages(faults: readonly Fault[], oneCluster: boolean): Fault[][] {
  if (!oneCluster) return faults.map((fault) => [fault]);
  const kindOf = ({ redis, losesTail, settings }: Fault) => `${redis} ${losesTail} ${JSON.stringify(settings ?? {})}`;
  return [...new Set(faults.map(kindOf))].map((kind) => faults.filter((fault) => kindOf(fault) === kind));
}

/** Why a fault cannot strike on this machine; undefined when it can. */
const reasons: Readonly<Record<Need, () => string | undefined>> = {
  namespace: () => (insideNamespace ? undefined : whyNoNamespace()),
  compiler: whyNoCompiler,
};

/** Until all has been done, or `aborted`. */
async function play(options: Options, faults: readonly Fault[], aborted: AbortSignal) {
  const interrupted = new Promise<never>((_, reject) => {
    aborted.addEventListener('abort', () => reject(aborted.reason));
  });
  interrupted.catch(() => undefined);
  const random = new Seeded(options.seed);
  const outcomes: FaultOutcome[] = [];
  const violations: Violation[] = [];
  const complaints: string[] = [];
  const forMs = options.minutes && (options.minutes * MINUTE_MS) / faults.length;
  let [acked, tail] = [0, 0];
  for (const together of stages(faults, options.oneCluster)) {
    const stage = new Stage(options, random, aborted, tell);
    const since = performance.now();
    try {
      const campaign = await stage.open(together);
      for (const fault of together) {
        const runs = fault === none ? Math.min(options.runs, BASELINE_RUNS) : options.runs;
        outcomes.push(await Promise.race([campaign.run(fault, runs, forMs), interrupted]));
      }
      const checked = await Promise.race([campaign.check(), interrupted]);
      acked += checked.acked;
      tail += checked.tail;
      violations.push(...checked.violations);
    } catch (error) {
      if (aborted.aborted) break;
      complaints.push((error as Error).message);
      tell((error as Error).stack ?? String(error));
    } finally {
      complaints.push(...(stage.campaign?.complaints ?? []));
      await stage.close();
      const seconds = ((performance.now() - since) / 1_000).toFixed(0);
      tell(`${together.map(({ name }) => name).join(', ')}: ${seconds} s with the cluster's start and end`);
    }
  }
  return { outcomes, violations, complaints, acked, tail };
}

async function main(): Promise<number> {
  const aborted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => aborted.abort());
  // Started by a test: its end is ours.
  process.on('disconnect', () => aborted.abort());
  process.channel?.unref();
  const options = await parseOptions(process.argv.slice(2), Number.parseInt(randomHex(4), 16));
  const needed = new Set(options.faults.flatMap(({ needs }) => needs ?? []));
  const missing = new Map<Need, string>();
  for (const need of needed) {
    const why = reasons[need]();
    if (why !== undefined) missing.set(need, why);
  }
  if (needed.has('namespace') && !missing.has('namespace') && !insideNamespace) return runInNamespace(aborted.signal);
  const whyNot = ({ needs }: Fault) => (needs === undefined ? undefined : missing.get(needs));
  tell(`seed ${options.seed}`);
  const faults = options.faults.filter((fault) => whyNot(fault) === undefined);
  const played = await play(options, faults, aborted.signal);
  if (aborted.signal.aborted) return INTERRUPTED;
  const { outcomes, complaints } = played;
  const skipped = Object.fromEntries(
    options.faults.flatMap((fault) => {
      const why = whyNot(fault);
      return why === undefined ? [] : [[fault.name, why]];
    }),
  );
  const summary = summarise({ ...played, seed: options.seed, skipped });
  mkdirSync(dirname(options.report), { recursive: true });
  writeFileSync(options.report, page(summary, outcomes, complaints));
  process.stdout.write(`${table(summary, outcomes)}\n`);
  for (const [name, reason] of Object.entries(skipped)) process.stdout.write(`SKIPPED ${name}: ${reason}\n`);
  for (const complaint of complaints) process.stdout.write(`FAILED ${complaint}\n`);
  process.stdout.write(`Pictures: ${resolve(options.report)}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.lost + summary.doubled + summary.violations > 0 ? 1 : 0;
}

process.exitCode = await main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  return 1;
});
// Timers and sockets of clients may still be open; stdout is flushed before the event loop turns again.
setImmediate(() => process.exit());
