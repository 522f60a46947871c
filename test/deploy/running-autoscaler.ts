/** The autoscaler of a running cluster, asked by its own commands. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClusterFacts } from '../../deploy/local/report.js';
import { packageRoot } from '../../src/runtime/package-root.js';

const program = fileURLToPath(new URL('dist/autoscaler/main.js', packageRoot));

/** Runs one command on the cluster; its stdout. */
export function autoscaler(facts: ClusterFacts, ...args: string[]): Promise<string> {
  const env = {
    PATH: '/usr/bin:/bin',
    REDIS_URL: facts.redis_url,
    HOKM_POLICY: facts.policy ?? '',
    HOKM_SUPERVISOR_SOCKET: facts.control_socket,
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, ...args], { env }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
}
