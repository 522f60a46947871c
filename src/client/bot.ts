/** Plays a seat by the rule bot: for tests, load, and friends who are late. */
import { findClientGame } from '../game/views.js';
import type { RoomView } from '../protocol/client-out.js';
import { CommandRefused, type Table, type TableState } from './table.js';

export interface BotOptions {
  /** Pause before a move, ms. */
  readonly delayMs?: number;
  /** As host, start the match as soon as every seat is taken by a player. */
  readonly startWhenFull?: boolean;
  /** Told about refusals; a bot never makes an illegal move, so there should be none. */
  readonly onRefused?: (error: CommandRefused) => void;
}

/** Moves whenever it is the seat's turn; resolves with the last view when the match is over or the table is closed. */
export function playAsBot(table: Table, options: BotOptions = {}): Promise<RoomView | null> {
  const { delayMs = 0, startWhenFull = true, onRefused = () => undefined } = options;
  return new Promise((resolve) => {
    /** The position that was acted upon: one command a position. */
    let acted = '';
    let done = false;
    const give = (command: { readonly type: string }, position: string) => {
      // Something has happened while the bot paused: the next position gets a move of its own.
      if (done || table.state.cursor?.digest !== position) return;
      table.command(command).catch((error: unknown) => {
        // The last move's event ends the match before its ack is here.
        if (!done && error instanceof CommandRefused) onRefused(error);
      });
    };
    const look = (state: TableState) => {
      const { view, cursor } = state;
      if (state.connection === 'closed' || view?.status === 'finished' || view?.status === 'closed') {
        done = true;
        unsubscribe();
        resolve(view);
        return;
      }
      if (!view || !cursor || cursor.digest === acted || state.pending > 0 || state.connection !== 'open') return;
      if (view.status === 'lobby' && startWhenFull && view.host === view.seat && view.seats.every((seat) => seat)) {
        acted = cursor.digest;
        give({ type: 'start' }, acted);
      } else if (view.status === 'playing' && state.legal.length > 0) {
        const { digest } = cursor;
        acted = digest;
        const move = findClientGame(view.game)?.bot(view.table) as { type: string };
        if (delayMs > 0) setTimeout(() => give(move, digest), delayMs);
        else give(move, digest);
      }
    };
    const unsubscribe = table.subscribe(look);
    look(table.state);
  });
}
