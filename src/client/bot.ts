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
    /** One command at a time, from the decision to its answer; entries that change no turn may come in between. */
    let busy = false;
    const give = (command: { readonly type: string }) => {
      table
        .command(command)
        .catch((error: unknown) => {
          if (error instanceof CommandRefused) onRefused(error);
        })
        .finally(() => {
          busy = false;
          look(table.state);
        });
    };
    const look = (state: TableState) => {
      const { view } = state;
      const over = (view?.status === 'finished' && !busy) || view?.status === 'closed';
      if (over || state.connection === 'closed') {
        unsubscribe();
        resolve(view);
        return;
      }
      if (!view || busy || state.connection !== 'open') return;
      if (view.status === 'lobby' && startWhenFull && view.host === view.seat && view.seats.every((seat) => seat)) {
        busy = true;
        give({ type: 'start' });
      } else if (view.status === 'playing' && state.legal.length > 0) {
        busy = true;
        const move = findClientGame(view.game)?.bot(view.table) as { type: string };
        if (delayMs > 0) setTimeout(() => give(move), delayMs);
        else give(move);
      }
    };
    const unsubscribe = table.subscribe(look);
    look(table.state);
  });
}
