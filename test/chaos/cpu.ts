/**
 * Where processor time went between two moments (Linux only; nothing elsewhere): on a small machine the load itself and
 * the start of a replacement take part in every stop time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { ClusterUnderTest } from './cluster-under-test.js';

interface Used {
  readonly ranMs: number;
  /** Ready to run, with no core free. */
  readonly waitedMs: number;
}

export class CpuMeter {
  private readonly before = new Map<number, Used>();
  private readonly idleBefore = idleMs();
  private readonly startedAt = performance.now();

  constructor(private readonly cluster: ClusterUnderTest) {
    for (const { pid } of processes(cluster)) this.before.set(pid, usedBy(pid));
  }

  /** One line: what each process has used since the meter was made, and how busy the machine was. */
  read(): string {
    if (process.platform !== 'linux') return '';
    const wall = performance.now() - this.startedAt;
    const busy = 100 * (1 - (idleMs() - this.idleBefore) / (wall * cpus().length));
    const parts = processes(this.cluster).map(({ name, pid }) => {
      const now = usedBy(pid);
      const before = this.before.get(pid) ?? { ranMs: 0, waitedMs: 0 };
      return `${name} ${(now.ranMs - before.ranMs).toFixed(0)}+${(now.waitedMs - before.waitedMs).toFixed(0)}`;
    });
    return `${wall.toFixed(0)} ms, machine ${busy.toFixed(0)}% busy; ran+waited ms: ${parts.join(', ')}`;
  }
}

function processes(cluster: ClusterUnderTest): { name: string; pid: number }[] {
  const { instances, pids } = cluster.facts();
  const named = [{ name: 'load', pid: process.pid }, ...instances.map(({ pid }) => ({ name: 'instance', pid }))];
  for (const name of ['redis', 'controller'] as const) if (pids[name] !== null) named.push({ name, pid: pids[name] });
  if (pids.haproxy !== null) named.push(...childrenOf(pids.haproxy).map((pid) => ({ name: 'haproxy', pid })));
  return named;
}

function childrenOf(pid: number): number[] {
  return (read(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);
}

function usedBy(pid: number): Used {
  let [ran, waited] = [0, 0];
  for (const thread of threadsOf(pid)) {
    const [running = 0, ready = 0] = (read(`/proc/${pid}/task/${thread}/schedstat`) ?? '').split(' ').map(Number);
    ran += running;
    waited += ready;
  }
  return { ranMs: ran / 1e6, waitedMs: waited / 1e6 };
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

const idleMs = () => cpus().reduce((sum, { times }) => sum + times.idle, 0);

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
