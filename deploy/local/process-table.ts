/** Whether a process that was noted earlier is still the same one: a pid alone is given to others after its end. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessEntry {
  /** Differs for two processes that had the same pid; compared, never interpreted. */
  readonly started: string;
  readonly commandLine: string;
}

/** The living process `pid`, or undefined. */
export function lookUp(pid: number): ProcessEntry | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

/** Sends the signal to the process group that `pid` leads; false when it is gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

function fromProc(pid: number): ProcessEntry | undefined {
  try {
    // The name, in parentheses, may hold spaces and parentheses itself; state is the first field after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    // Empty while it is on its way out.
    return commandLine === '' ? undefined : { started: fields[19] ?? '', commandLine };
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): ProcessEntry | undefined {
  const ask = (column: string) =>
    execFileSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return ask('stat').startsWith('Z') ? undefined : { started: ask('lstart'), commandLine: ask('command') };
  } catch {
    return undefined;
  }
}
