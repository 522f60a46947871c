/**
 * Counts for jest: into the file that HOKM_TEST_COUNTS names, else as one line on stdout. The file is there, and empty,
 * from the start of a run: without counts it tells of a run that did not come to its end.
 */
import { writeFileSync } from 'node:fs';

/** A file that could not run at all counts as one failed test: it must not look like success. */
export const count = (results) => ({
  passed: results.numPassedTests,
  failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
  skipped: results.numPendingTests + results.numTodoTests,
});

export const line = ({ passed, failed, skipped }) => `Tests: ${passed} passed, ${failed} failed, ${skipped} skipped`;

export default class Reporter {
  onRunStart() {
    if (process.env.HOKM_TEST_COUNTS) writeFileSync(process.env.HOKM_TEST_COUNTS, '');
  }

  onRunComplete(_contexts, results) {
    const counts = count(results);
    const file = process.env.HOKM_TEST_COUNTS;
    if (file) writeFileSync(file, JSON.stringify(counts));
    else process.stdout.write(`${line(counts)}\n`);
  }
}
