/** Jest on the compiled tests; the last line on stdout sums up, or says that there is nothing to sum up. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
  let asked;
  // A terminal sends Ctrl-C to jest as well; this process stays to sum up.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      asked = signal;
      child.kill(signal);
    });
  }
  const ended = await new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', () => resolve({ code: 1, signal: null }));
  });
  const written = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  rmSync(folder, { recursive: true, force: true });
  const { exitCode, lastLine } = summary({ ...ended, asked, written });
  // Printed here and not by the reporter: jest may have a last word after its reporters.
  if (lastLine !== undefined) process.stdout.write(`${lastLine}\n`);
  process.exitCode = exitCode;
}

/**
 * What is said of a run that has ended, and its exit code. Counts are told of a whole run only.
 * @param written what the reporter wrote: undefined when no test was run, empty when the run did not come to its end.
 */
export function summary({ code, signal, asked, written }) {
  const by = signal ?? asked;
  const failed = by ? 128 + constants.signals[by] : code;
  if (written) {
    const counts = JSON.parse(written);
    // A run in which no test ran is no success.
    return { exitCode: failed || (counts.passed + counts.failed > 0 ? 0 : 1), lastLine: line(counts) };
  }
  if (by) return { exitCode: failed, lastLine: `The tests were interrupted by ${by}: this run has no result.` };
  if (written === '') {
    return { exitCode: failed || 1, lastLine: `The tests broke off (exit code ${code}): this run has no result.` };
  }
  // Jest was asked for something else (--help, --listTests), or found no test.
  return code === 0 ? { exitCode: 0 } : { exitCode: failed, lastLine: line({ passed: 0, failed: 0, skipped: 0 }) };
}
