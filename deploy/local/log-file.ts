/**
 * The log of one child: what it prints would bury the addresses on the terminal.
 *
 * The child has the file itself, not a pipe: it writes also when the supervisor is gone, or stands still. So nobody can give
 * it another file while it runs. To rotate is to copy what the file holds and to empty it; the child, which appends, goes
 * on at its beginning. Lines that come between the two are lost.
 *
 * INVARIANT: a log has at most `mostBytes`, and what was written since the last look; so has the one that is kept of before.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** As much of the end of a log as is looked at, bytes. */
const TAIL = 8_192;
const LINE_LENGTH = 300;
const COPY_BYTES = 1_048_576;
export const MOST_BYTES = 16 * 2 ** 20;

export class LogFile {
  readonly path: string;
  /** Where the output of the last `open` starts. */
  private start = 0;
  /** The file that the child has, whatever it is called by now. */
  private held: number | undefined;

  /** The log of the run before is kept as NAME.log.1. */
  constructor(
    folder: string,
    name: string,
    private readonly mostBytes = MOST_BYTES,
  ) {
    this.path = join(folder, `${name}.log`);
    if (existsSync(this.path)) renameSync(this.path, `${this.path}.1`);
  }

  /** Passes a descriptor to `use` that a child may inherit: it writes by itself, also when the supervisor is gone. */
  open<Result>(use: (descriptor: number) => Result): Result {
    this.close();
    const descriptor = openSync(this.path, 'a+', 0o600);
    this.held = descriptor;
    this.start = fstatSync(descriptor).size;
    return use(descriptor);
  }

  close(): void {
    if (this.held !== undefined) closeSync(this.held);
    this.held = undefined;
  }

  /** Empties a log that has become too long; its end is kept as NAME.log.1. */
  bound(): void {
    if (this.held === undefined || fstatSync(this.held).size <= this.mostBytes) return;
    this.empty(this.held, `${this.path}.1`);
  }

  /**
   * Goes on under its own name when somebody has given the file another one, as logrotate does before it sends SIGHUP: what
   * was written so far stays under that other name. Where the system does not tell by which name (it tells under Linux), or
   * the file has none any more, nothing happens.
   */
  reopen(): void {
    if (this.held === undefined) return;
    try {
      const name = readlinkSync(`/proc/self/fd/${this.held}`);
      if (name === this.path || fstatSync(this.held).nlink === 0) return;
      // An empty one that was made in its place.
      rmSync(this.path, { force: true });
      linkSync(name, this.path);
      this.empty(this.held, name);
      // The system tells by which name a descriptor was opened: this one by the right one again.
      const held = openSync(this.path, 'a+');
      closeSync(this.held);
      this.held = held;
    } catch {
      // It is written under the name that it has.
    }
  }

  /** The last `count` lines since `open`. */
  lastLines(count: number): string[] {
    if (this.held === undefined) return [];
    const size = fstatSync(this.held).size;
    const from = Math.max(this.start, size - TAIL);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    readSync(this.held, bytes, 0, bytes.length, from);
    const lines = bytes.toString().split('\n');
    return lines
      .filter((line) => line.trim() !== '')
      .slice(-count)
      .map((line) => line.slice(0, LINE_LENGTH));
  }

  /** Leaves the end of what it holds to a file of its own called `to`, which appears as a whole. */
  private empty(held: number, to: string): void {
    const part = `${to}.part`;
    try {
      this.copyEnd(held, part);
      ftruncateSync(held, 0);
      renameSync(part, to);
    } catch {
      // No space for a copy: then least of all may it grow.
      ftruncateSync(held, 0);
      rmSync(part, { force: true });
    }
    this.start = 0;
  }

  private copyEnd(held: number, to: string): void {
    const copy = openSync(to, 'w', 0o600);
    try {
      const bytes = Buffer.alloc(COPY_BYTES);
      const { size } = fstatSync(held);
      let at = Math.max(0, size - this.mostBytes);
      // What comes meanwhile as well, but not for ever.
      const last = size + this.mostBytes;
      for (let read = -1; read !== 0 && at < last; at += read) {
        read = readSync(held, bytes, 0, bytes.length, at);
        writeSync(copy, bytes, 0, read);
      }
    } finally {
      closeSync(copy);
    }
  }
}
