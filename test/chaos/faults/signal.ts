/** Signals to processes that a second fault may have ended already. */
import type { Arena } from './fault.js';

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Stops the processes, waits, and lets them go on; `during` runs meanwhile and is waited for. */
export async function frozen(arena: Arena, pids: readonly number[], ms: number, during: () => Promise<unknown>) {
  const all = (name: NodeJS.Signals) => {
    for (const pid of pids) signal(pid, name);
  };
  try {
    all('SIGSTOP');
    const done = during();
    await arena.pause(ms);
    all('SIGCONT');
    await done;
  } finally {
    all('SIGCONT');
  }
}
