/** Jest on the compiled tests; the last line on stdout sums up. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { line } from './reporter.mjs';

/** Tests start real processes: more workers than this starve them on a small machine. */
const WORKERS = 2;

export async function runTests(root, args) {
  const folder = mkdtempSync(join(tmpdir(), 'hokm-tests-'));
  const file = join(folder, 'counts.json');
  const own = args.some((arg) => /^(-i|-w|--runInBand|--maxWorkers)/.test(arg)) ? [] : [`--maxWorkers=${WORKERS}`];
  const reporters = ['--reporters=default', `--reporters=${join(root, 'deploy/local/bootstrap/reporter.mjs')}`];
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  // The last flag ends the list of reporters, which would take the first argument for one more.
  const all = [...flags, jest, ...own, ...reporters, '--passWithNoTests=false', ...args];
  const child = spawn(process.execPath, all, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, HOKM_TEST_COUNTS: file },
  });
  // A terminal sends Ctrl-C to jest as well; this process stays to sum up.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  const { code, signal } = await new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', () => resolve({ code: 1, signal: null }));
  });
  let counts;
  try {
    counts = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Jest ended before it could count, or it was asked for something else (--help, --listTests).
  }
  rmSync(folder, { recursive: true, force: true });
  if (!counts && code === 0) process.exit(0);
  // Printed here and not by the reporter: jest may have a last word after its reporters.
  process.stdout.write(`${line(counts ?? { passed: 0, failed: 0, skipped: 0 })}\n`);
  process.exitCode = signal ? 128 + constants.signals[signal] : exitCode(code, counts);
}

/** Jest's own code, but a run in which no test ran is no success. */
export function exitCode(code, counts) {
  return code || (counts && counts.passed + counts.failed > 0 ? 0 : 1);
}
