/** The autoscaler of a running cluster, asked by its own commands. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/runtime/package-root.js';

const program = fileURLToPath(new URL('dist/autoscaler/main.js', packageRoot));

/** Runs one command on the cluster with this data folder; its stdout. */
export function autoscaler(data: string, ...args: string[]): Promise<string> {
  const env = { PATH: '/usr/bin:/bin' };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args, '--data', data], { env }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
}
