/** `npm run chaos`: a real cluster under load, real faults, and a checker. Run by deploy/local/bootstrap.mjs. */
import { randomHex } from '../../src/runtime/random.js';
import type { FaultOutcome } from './campaign.js';
import type { Violation } from './checker.js';
import type { Fault } from './faults/fault.js';
import { parseOptions } from './options.js';
import { summarise, table } from './report.js';
import { Seeded } from './seeded.js';
import { Stage } from './stage.js';

const INTERRUPTED = 130;

const tell = (line: string) => void process.stderr.write(`${line}\n`);

/** Faults that share a cluster: each has its own, unless one is asked for; Sentinel needs another one anyway. */
function stages(faults: readonly Fault[], oneCluster: boolean): Fault[][] {
  if (!oneCluster) return faults.map((fault) => [fault]);
  const kinds = ['own', 'sentinel'] as const;
  return kinds.map((kind) => faults.filter(({ redis }) => redis === kind)).filter(({ length }) => length > 0);
}

async function main(): Promise<number> {
  const aborted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => aborted.abort());
  // Started by a test: its end is ours.
  process.on('disconnect', () => aborted.abort());
  process.channel?.unref();
  const interrupted = new Promise<never>((_, reject) => {
    aborted.signal.addEventListener('abort', () => reject(aborted.signal.reason));
  });
  interrupted.catch(() => undefined);
  const options = await parseOptions(process.argv.slice(2), Number.parseInt(randomHex(4), 16));
  const random = new Seeded(options.seed);
  tell(`seed ${options.seed}`);
  const outcomes: FaultOutcome[] = [];
  const violations: Violation[] = [];
  const complaints: string[] = [];
  let acked = 0;
  for (const faults of stages(options.faults, options.oneCluster)) {
    const stage = new Stage(options, random, aborted.signal, tell);
    try {
      const campaign = await stage.open(faults[0]?.redis ?? 'own');
      for (const fault of faults) outcomes.push(await Promise.race([campaign.run(fault, options.runs), interrupted]));
      const checked = await Promise.race([campaign.check(), interrupted]);
      acked += checked.acked;
      violations.push(...checked.violations);
    } catch (error) {
      if (aborted.signal.aborted) break;
      complaints.push((error as Error).message);
      tell((error as Error).stack ?? String(error));
    } finally {
      complaints.push(...(stage.campaign?.complaints ?? []));
      await stage.close();
    }
  }
  if (aborted.signal.aborted) return INTERRUPTED;
  const summary = summarise(options.seed, acked, violations, complaints, outcomes);
  process.stdout.write(`${table(summary, outcomes)}\n`);
  for (const complaint of complaints) process.stdout.write(`FAILED ${complaint}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  return summary.lost + summary.doubled + summary.violations > 0 ? 1 : 0;
}

process.exitCode = await main().catch((error: Error) => {
  tell(error.message);
  return 1;
});
// Timers and sockets of clients may still be open; stdout is flushed before the event loop turns again.
setImmediate(() => process.exit());
