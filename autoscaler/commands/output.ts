/** stdout is data, stderr is for people. */

/** A document with its schema, on one line. */
export function printJson(document: object): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** A line about what is going on. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** One line that is written over on a terminal; elsewhere a line every few seconds. */
export class Progress {
  private shownAt = Number.NEGATIVE_INFINITY;
  private readonly terminal = process.stderr.isTTY === true;

  constructor(private readonly title: string) {}

  show(share: number, what: string): void {
    const now = performance.now();
    if (now - this.shownAt < (this.terminal ? 100 : 3_000)) return;
    // Short work says nothing where nobody watches.
    if (this.shownAt === Number.NEGATIVE_INFINITY && !this.terminal) {
      this.shownAt = now;
      return;
    }
    this.shownAt = now;
    const line = `${this.title}: ${Math.round(share * 100)} % (${what})`;
    process.stderr.write(this.terminal ? `\r${line}\x1b[K` : `${line}\n`);
  }

  end(): void {
    if (this.terminal) process.stderr.write('\r\x1b[K');
  }
}
