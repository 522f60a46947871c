import type { ClusterFacts } from '../../../deploy/local/report.js';
import type { ClusterUnderTest } from '../cluster-under-test.js';

/** @throws Error when the process does not run. */
export function pidOf(cluster: ClusterUnderTest, name: keyof ClusterFacts['pids']): number {
  const pid = cluster.facts().pids[name];
  if (pid === null) throw new Error(`${name} does not run`);
  return pid;
}
