/** `npm run attack`: a real cluster, real attacks, and players beside them. Run by deploy/local/bootstrap.mjs. */
import { ToolFailed } from '../../deploy/ops/tool.js';
import { randomHex } from '../../src/runtime/random.js';
import type { Violation } from '../chaos/checker.js';
import { Seeded } from '../chaos/seeded.js';
import type { Limits } from './attack.js';
import { parseOptions } from './options.js';
import { type Row, type Summary, table } from './report.js';
import { Stage } from './stage.js';

const INTERRUPTED = 130;
const MISUSED = 2;
const LIMITS: readonly Limits[] = ['default', 'lifted'];

const tell = (line: string) => void process.stderr.write(`${line}\n`);

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
  const rows: Row[] = [];
  const violations: Violation[] = [];
  let acked = 0;
  for (const limits of LIMITS) {
    const attacks = options.attacks.filter((attack) => attack.limits === limits);
    if (attacks.length === 0) continue;
    const stage = new Stage({ ...options, random, tell });
    try {
      await Promise.race([stage.open(limits), interrupted]);
      for (const attack of attacks) {
        const row = await Promise.race([stage.run(attack), interrupted]);
        rows.push(row);
        if (options.json) process.stdout.write(`${JSON.stringify(row)}\n`);
      }
      const checked = await Promise.race([stage.check(), interrupted]);
      acked += checked.acked;
      violations.push(...checked.violations);
    } catch (error) {
      if (aborted.signal.aborted) return INTERRUPTED;
      throw error;
    } finally {
      await stage.close();
    }
  }
  const count = (kind: Violation['kind']) => violations.filter((violation) => violation.kind === kind).length;
  const [lost, doubled] = [count('lost'), count('doubled')];
  const held = violations.length === 0 && rows.every(({ broken }) => broken.length === 0);
  const played = { acked, lost, doubled, violations: violations.length - lost - doubled };
  const summary: Summary = { seed: options.seed, held, played, rows };
  for (const { kind, room, seq, text } of violations.slice(0, 20))
    tell(`VIOLATION ${kind} in ${room} at ${seq}: ${text}`);
  if (options.json) process.stdout.write(`${JSON.stringify({ seed: summary.seed, held, played })}\n`);
  else process.stdout.write(`${table(summary)}\n`);
  return held ? 0 : 1;
}

process.exitCode = await main().catch((error: Error) => {
  const misused = error instanceof ToolFailed;
  tell(misused ? error.message : (error.stack ?? error.message));
  return misused ? MISUSED : 1;
});
// Timers and sockets of clients may still be open; stdout is flushed before the event loop turns again.
setImmediate(() => process.exit());
