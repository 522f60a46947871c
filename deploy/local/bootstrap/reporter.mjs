/** Counts for jest: into the file that HOKM_TEST_COUNTS names, else as one line on stdout. */
import { writeFileSync } from 'node:fs';

/** A file that could not run at all counts as one failed test: it must not look like success. */
export const count = (results) => ({
  passed: results.numPassedTests,
  failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
  skipped: results.numPendingTests + results.numTodoTests,
});

export const line = ({ passed, failed, skipped }) => `Tests: ${passed} passed, ${failed} failed, ${skipped} skipped`;

export default class Reporter {
  onRunComplete(_contexts, results) {
    const counts = count(results);
    const file = process.env.HOKM_TEST_COUNTS;
    if (file) writeFileSync(file, JSON.stringify(counts));
    else process.stdout.write(`${line(counts)}\n`);
  }
}
