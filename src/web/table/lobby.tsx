/** Before the first match: who sits where, the invitation, the start. */
import type { RoomView } from '../../client/browser.js';
import { SEATS } from '../../game/hokm/seats.js';
import { deliberate } from '../parts/deliberate.js';
import { IconButton } from '../parts/icon-button.js';
import { spacedCode } from '../text/numbers.js';
import { useText } from '../text/text.js';
import { useSheets } from './board-sheets.js';
import { LobbySeat } from './lobby-seat.js';
import { refusalWords } from './refusal-words.js';
import { ShareTable } from './share-table.js';
import type { TableModel } from './use-table.js';

export interface LobbyProps {
  readonly model: TableModel;
  readonly view: RoomView;
}

export function Lobby({ model, view }: LobbyProps) {
  const text = useText();
  const { t } = text;
  const { show, muted, sheet } = useSheets(model, view, null);
  const { command } = model;
  const { seat: own, host, seats } = view;
  const isHost = host !== null && host === own;
  const isFull = seats.every((seat) => seat !== null);
  const options = view.options as { readonly target_points?: number };
  return (
    <main class="lobby">
      <header class="table-bar">
        <IconButton icon="menu" label={t('menu')} onClick={() => show('menu')} />
        <div class="lobby-title">
          <h1 translate={false}>{t('table_code', { code: spacedCode(view.room) })}</h1>
          <p class="quiet">
            {t('match_options', {
              points: options.target_points ?? 7,
              time: t('seconds_a_move', { count: Math.round(view.turn_ms / 1_000) }),
            })}
          </p>
        </div>
        {own === null ? (
          <span class="icon-button" />
        ) : (
          <IconButton icon="talk" label={t('talk')} onClick={() => show('talk')} />
        )}
      </header>
      <div class="lobby-main" {...deliberate}>
        <div class="felt lobby-table" dir="ltr">
          {SEATS.map((seat) => (
            <LobbySeat
              key={seat}
              seat={seat}
              room={view}
              connected={model.state.presence.seats[seat] === true}
              said={muted.has(seat) ? undefined : model.said.get(seat)}
              onSit={() => command({ type: 'choose_seat', seat })}
              onBot={() => command({ type: 'add_bot', seat })}
              onRemove={() => command({ type: 'kick', seat })}
              onSwap={(to) => command({ type: 'swap_seats', seat: to })}
            />
          ))}
          <p class="lobby-hint" dir="auto">
            {t('partners_hint')}
          </p>
        </div>
        <aside class="panel lobby-side">
          <h2>{t('invite')}</h2>
          <ShareTable room={view.room} open={matchMedia('(width >= 860px)').matches} />
          {isHost ? (
            <button
              type="button"
              class="button primary wide"
              onClick={() => command({ type: 'start', fill_with_bots: !isFull })}
            >
              {t(isFull ? 'start_match' : 'start_with_bots')}
            </button>
          ) : (
            <p class="quiet">
              {host === null ? t('waiting_for_players') : t('waiting_for_host', { name: seats[host]?.name ?? '' })}
            </p>
          )}
          {model.refusal && (
            <p class="problem" role="alert">
              {refusalWords(text, model.refusal)}
            </p>
          )}
        </aside>
      </div>
      {sheet}
    </main>
  );
}
