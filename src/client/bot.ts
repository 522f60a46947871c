/** Plays a seat by the rule bot: for tests, load, and friends who are late. */
import { findClientGame } from '../game/views.js';
import type { RoomView } from '../protocol/client-out.js';
import { CommandRefused, type Table, type TableState } from './table.js';

/** How a bot plays. */
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
    let done = false;
    /** Where a command was refused none is given again: the answer would be the same, at once and for ever. */
    let refusedAt = '';
    const mayStart = ({ view }: TableState) =>
      startWhenFull && view?.status === 'lobby' && view.host === view.seat && view.seats.every((seat) => seat);
    const mayPlay = ({ view, legal }: TableState) => view?.status === 'playing' && legal.length > 0;
    const mayAct = (state: TableState) =>
      state.connection === 'open' && state.cursor?.digest !== refusedAt && (mayStart(state) || mayPlay(state));
    /** Decides by what is so after the pause: the seat may have been played for meanwhile. */
    const act = () => {
      const { view, cursor } = table.state;
      if (done || !view || !cursor || !mayAct(table.state)) {
        busy = false;
        return look(table.state);
      }
      const move = mayPlay(table.state) ? findClientGame(view.game)?.bot(view.table) : { type: 'start' };
      table
        .command(move as { readonly type: string })
        .catch((error: unknown) => {
          // What is left when the table is closed is no refusal.
          if (done || !(error instanceof CommandRefused)) return;
          refusedAt = cursor.digest;
          onRefused(error);
        })
        .finally(() => {
          busy = false;
          look(table.state);
        });
    };
    const look = (state: TableState) => {
      if (done) return;
      const { view, connection } = state;
      const over = (view?.status === 'finished' && !busy) || view?.status === 'closed';
      if (over || connection === 'closed') {
        done = true;
        unsubscribe();
        resolve(view);
        return;
      }
      if (busy || !mayAct(state)) return;
      busy = true;
      if (delayMs > 0 && mayPlay(state)) setTimeout(act, delayMs);
      else act();
    };
    const unsubscribe = table.subscribe(look);
    look(table.state);
  });
}
