/** A seat played by the rule bot, or only watched, until the match ends. */
import type { Seat } from '../../game/game.js';
import { sideOf } from '../../game/hokm/seats.js';
import type { EventFrame, RoomView } from '../../protocol/client-out.js';
import { playAsBot } from '../bot.js';
import type { Table, TableState } from '../table.js';
import type { RoomMove } from './input.js';
import { gameOf } from './names.js';

export interface Automatic {
  readonly play: boolean;
  readonly delayMs: number;
  readonly fill: boolean;
  readonly out: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Resolves with the exit code: 0 when a match has ended, 1 when the table was closed before. */
export async function runAutomatic(table: Table, { play, delayMs, fill, out, complain }: Automatic): Promise<number> {
  if (fill) startWithBots(table, complain);
  const view = await (play
    ? playAsBot(table, {
        delayMs,
        startWhenFull: !fill,
        onRefused: ({ frame }) => complain(`${frame.code}: ${frame.message}`),
      })
    : ended(table));
  const result = view && resultText(view);
  if (result) {
    out(result);
    return 0;
  }
  const { error } = table.state;
  if (error) complain(`${error.code}: ${error.message}`);
  else complain(view?.status === 'closed' ? 'ROOM_CLOSED: The room is closed.' : 'Stopped before the match was over.');
  return 1;
}

/** A line for each event: `seq type {…}`, the event as it was received. */
export const eventLines = ({ seq, events }: EventFrame): string[] =>
  events.map((event) => `${seq} ${event.type} ${JSON.stringify(event)}`);

/** "Match over: seats 0+2 win 7:4", or undefined when it is not. */
export function resultText(view: RoomView): string | undefined {
  const result = view.status === 'finished' ? gameOf(view)?.table.result : undefined;
  if (!result) return undefined;
  const side = sideOf(result.winners[0] ?? (0 as Seat));
  return `Match over: seats ${result.winners.join('+')} win ${result.points[side]}:${result.points[1 - side]}`;
}

/** As host of a lobby, once: starts the match with bots on the empty seats. */
export function startWithBots(table: Table, complain: (line: string) => void): void {
  const look = ({ view, connection }: TableState) => {
    if (!view || connection !== 'open' || view.host !== view.seat || view.status !== 'lobby') return;
    unsubscribe();
    const start: RoomMove = { type: 'start', fill_with_bots: true };
    table.command(start).catch((error: Error) => complain(error.message));
  };
  const unsubscribe = table.subscribe(look);
  look(table.state);
}

function ended(table: Table): Promise<RoomView | null> {
  return new Promise((resolve) => {
    const look = ({ view, connection }: TableState) => {
      if (connection !== 'closed' && view?.status !== 'finished' && view?.status !== 'closed') return;
      unsubscribe();
      resolve(view);
    };
    const unsubscribe = table.subscribe(look);
    look(table.state);
  });
}
