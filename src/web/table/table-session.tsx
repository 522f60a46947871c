/** One stay at a table, from the first connection to its end. */
import { useEffect, useRef } from 'preact/hooks';
import type { Seat } from '../../client/browser.js';
import { useDevice } from '../device/device.js';
import type { Intent } from '../device/route.js';
import { useText } from '../text/text.js';
import { Board } from './board.js';
import { Closed } from './closed.js';
import { ConnectionStrip } from './connection-strip.js';
import { Lobby } from './lobby.js';
import { type Joining, type TableModel, useTable } from './use-table.js';

export interface TableSessionProps {
  readonly joining: Joining;
  readonly intent: Intent;
  readonly onAgain: () => void;
}

export function TableSession({ joining, intent, onAgain }: TableSessionProps) {
  const { t } = useText();
  const model = useTable(joining);
  useIntent(model, intent);
  const { view, connection, error } = model.state;
  if (connection === 'closed') {
    return (
      <Closed code={error?.code ?? 'CLOSED'} reason={error?.message ?? ''} room={joining.room} onAgain={onAgain} />
    );
  }
  return (
    <>
      <ConnectionStrip state={model.state} />
      {view === null ? (
        <main class="centred">
          <p class="quiet" role="status">
            {t('joining')}
          </p>
        </main>
      ) : view.status === 'lobby' ? (
        <Lobby model={model} view={view} />
      ) : (
        <Board model={model} view={view} />
      )}
    </>
  );
}

/** Does once what the person asked for on the way here: bots on seats, or a start at once. */
function useIntent(model: TableModel, { bots = 0, start = false }: Intent): void {
  const done = useRef(false);
  const { view } = model.state;
  const { router } = useDevice();
  useEffect(() => {
    if (done.current || view === null) return;
    done.current = true;
    router.fulfilled();
    if (view.status !== 'lobby' || view.match > 0 || view.host !== view.seat) return;
    if (start) return model.command({ type: 'start', fill_with_bots: true });
    const empty = view.seats.flatMap((seat, at) => (seat === null ? [at as Seat] : []));
    // A single bot becomes an opponent; two sit together, so that a friend can be the partner.
    const order = [...empty.filter((seat) => (seat & 1) !== ((view.seat ?? 0) & 1)), ...empty].slice(0, empty.length);
    for (const seat of [...new Set(order)].slice(0, bots)) model.command({ type: 'add_bot', seat });
  }, [view === null]);
}
