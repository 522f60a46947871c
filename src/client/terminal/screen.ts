/** A terminal that is redrawn in place, with a line to type in below; everything is put back on `close`. */
import { createInterface, type Interface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Size } from './table-text.js';

export interface Typist {
  /** The first sign of a line is typed. */
  readonly begins: () => void;
  readonly line: (line: string) => void;
  /** Ctrl-C. */
  readonly interrupted: () => void;
  /** Ctrl-D, or the terminal is gone. */
  readonly ended: () => void;
}

const ESC = '\u001b[';
const OTHER_SCREEN = `${ESC}?1049h${ESC}2J`;
const OWN_SCREEN = `${ESC}?25h${ESC}0m${ESC}?1049l`;
const PROMPT = ' › ';

export class Screen {
  private readonly reader: Interface;
  private shown: readonly string[] = [];
  private closed = false;
  private readonly restore = () => this.close();

  constructor(
    private readonly input: ReadStream,
    private readonly output: WriteStream,
    private readonly redraw: () => void,
    private readonly typist: Typist,
  ) {
    output.write(OTHER_SCREEN);
    this.reader = createInterface({ input, output, prompt: PROMPT, terminal: true });
    // After the reader's own listener: the line has the sign already.
    input.on('keypress', this.pressed);
    this.reader.on('line', (line) => {
      typist.line(line);
      // The line typed so far is gone from the screen's last rows, whatever else has changed.
      this.shown = this.shown.slice(0, -1);
      redraw();
    });
    this.reader.on('SIGINT', typist.interrupted);
    this.reader.on('close', () => this.closed || typist.ended());
    this.reader.on('SIGTSTP', () => this.suspend());
    output.on('resize', this.resized);
    process.once('exit', this.restore);
    // Before the stack is printed, which would be lost with the other screen.
    process.once('uncaughtExceptionMonitor', this.restore);
  }

  get size(): Size {
    return { columns: this.output.columns || 80, rows: this.output.rows || 24 };
  }

  /** Shows the lines from the top; rows that have not changed are not written again. */
  draw(lines: readonly string[]): void {
    if (this.closed) return;
    const height = Math.max(lines.length, this.size.rows - 2);
    const filled = Array.from({ length: height }, (_, row) => lines[row] ?? '');
    const changed = filled.flatMap((line, row) => (line === this.shown[row] ? [] : [at(row) + line + REST]));
    if (changed.length === 0) return;
    this.shown = filled;
    const { rows } = this.reader.getCursorPos();
    this.output.write(`${ESC}?25l${changed.join('')}${at(height + rows)}`);
    this.reader.prompt(true);
    this.output.write(`${ESC}?25h`);
  }

  /** The terminal as it was before. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    process.off('exit', this.restore);
    process.off('uncaughtExceptionMonitor', this.restore);
    this.output.off('resize', this.resized);
    this.input.off('keypress', this.pressed);
    this.reader.close();
    this.output.write(OWN_SCREEN);
  }

  private readonly pressed = () => {
    if (this.reader.line.length === 1) this.typist.begins();
  };

  private readonly resized = () => {
    this.shown = [];
    this.output.write(`${ESC}2J`);
    this.redraw();
  };

  /** Ctrl-Z. */
  private suspend(): void {
    this.output.write(OWN_SCREEN);
    this.input.setRawMode(false);
    process.once('SIGCONT', () => {
      this.input.setRawMode(true);
      this.output.write(OTHER_SCREEN);
      this.resized();
    });
    process.kill(process.pid, 'SIGTSTP');
  }
}

const at = (row: number) => `${ESC}${row + 1};1H`;
const REST = `${ESC}0m${ESC}K`;
