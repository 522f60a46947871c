/** The log of one child: what it prints would bury the addresses on the terminal. */
import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** As much of the end of a log as is looked at, bytes. */
const TAIL = 8_192;
const LINE_LENGTH = 300;

export class LogFile {
  readonly path: string;
  /** Where the output of the last `open` starts. */
  private start = 0;

  /** The log of the run before is kept as NAME.log.1. */
  constructor(folder: string, name: string) {
    this.path = join(folder, `${name}.log`);
    if (existsSync(this.path)) renameSync(this.path, `${this.path}.1`);
  }

  /** Passes a descriptor to `use` that a child may inherit: it writes by itself, also when the supervisor is gone. */
  open<Result>(use: (descriptor: number) => Result): Result {
    const descriptor = openSync(this.path, 'a', 0o600);
    this.start = fstatSync(descriptor).size;
    try {
      return use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** The last `count` lines since `open`. */
  lastLines(count: number): string[] {
    const descriptor = openSync(this.path, 'r');
    try {
      const size = fstatSync(descriptor).size;
      const from = Math.max(this.start, size - TAIL);
      const bytes = Buffer.alloc(Math.max(0, size - from));
      readSync(descriptor, bytes, 0, bytes.length, from);
      const lines = bytes.toString().split('\n');
      return lines
        .filter((line) => line.trim() !== '')
        .slice(-count)
        .map((line) => line.slice(0, LINE_LENGTH));
    } finally {
      closeSync(descriptor);
    }
  }
}
