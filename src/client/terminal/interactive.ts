/** A person at the terminal, or a program that writes lines. Each resolves with the exit code. */
import { createInterface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Table, TableState } from '../table.js';
import { Desk } from './desk.js';
import { handText } from './hand-text.js';
import { gameOf } from './names.js';
import type { Paint } from './paint.js';
import { Screen } from './screen.js';
import { statusText } from './status-text.js';
import type { Story } from './story.js';
import { tableText } from './table-text.js';

export interface Seating {
  readonly table: Table;
  readonly story: Story;
  readonly paint: Paint;
  readonly joinCommand: string;
}

/** 128 + SIGINT. */
export const INTERRUPTED = 130;
const TICK_MS = 1_000;

/** On a terminal that is redrawn in place. */
export function runOnScreen(seating: Seating, input: ReadStream, output: WriteStream): Promise<number> {
  const { table, story, paint, joinCommand } = seating;
  return new Promise((resolve) => {
    let asked = false;
    /** Many changes at once are drawn once. */
    const redraw = () => {
      if (asked) return;
      asked = true;
      setImmediate(() => {
        asked = false;
        draw();
      });
    };
    const end = (code: number) => {
      clearInterval(tick);
      unsubscribe();
      screen.close();
      resolve(code);
    };
    const desk = new Desk(table, story, paint, redraw, () => end(0));
    const screen = new Screen(input, output, redraw, {
      begins: () => desk.begins(),
      line: (line) => desk.take(line),
      interrupted: () => end(INTERRUPTED),
      ended: () => end(0),
    });
    const draw = () => {
      const { state } = table;
      const { lines: log, lastTrick } = story;
      const picture = { state, log, lastTrick, panel: desk.answer, joinCommand, now: Date.now() };
      screen.draw(tableText(picture, screen.size, paint));
    };
    const look = (state: TableState) => {
      if (state.connection === 'closed') end(exitCode(state));
      else redraw();
    };
    const tick = setInterval(redraw, TICK_MS);
    const unsubscribe = table.subscribe(look);
    look(table.state);
  });
}

/** Not on a terminal: what happens is printed by the story, and here what is asked for. */
export function runOnLines(
  { table, story, paint }: Seating,
  input: NodeJS.ReadableStream,
  out: (line: string) => void,
): Promise<number> {
  return new Promise((resolve) => {
    let asked = '';
    const reader = createInterface({ input, terminal: false });
    const end = (code: number) => {
      unsubscribe();
      reader.close();
      resolve(code);
    };
    const desk: Desk = new Desk(
      table,
      story,
      paint,
      () => desk.answer.forEach(out),
      () => end(0),
    );
    const look = (state: TableState) => {
      if (state.connection === 'closed') return end(exitCode(state));
      const { view, cursor } = state;
      const game = view && gameOf(view);
      if (!game || state.legal.length === 0 || state.pending > 0 || cursor?.digest === asked) return;
      asked = cursor?.digest ?? '';
      for (const line of [...handText(game, true, paint), statusText(state, Date.now(), paint)]) out(line);
    };
    const unsubscribe = table.subscribe(look);
    reader.on('line', (line) => desk.take(line));
    reader.on('close', () => end(0));
    look(table.state);
  });
}

/** Of a table that was closed; only the player's own leaving is in order. */
const exitCode = ({ error }: TableState): number => (error === null || error.code === 'SEAT_LEFT' ? 0 : 1);
