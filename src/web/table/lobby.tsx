/** Before the first match: who sits where, the invitation, the start. */
import { useState } from 'preact/hooks';
import type { RoomView, Seat } from '../../client/browser.js';
import { SEATS } from '../../game/hokm/seats.js';
import { IconButton } from '../parts/icon-button.js';
import { spacedCode } from '../text/numbers.js';
import { useText } from '../text/text.js';
import { BoardSheets, type SheetName } from './board-sheets.js';
import { LobbySeat } from './lobby-seat.js';
import { ShareTable } from './share-table.js';
import { useMuted } from './use-muted.js';
import type { TableModel } from './use-table.js';

export interface LobbyProps {
  readonly model: TableModel;
  readonly view: RoomView;
}

export function Lobby({ model, view }: LobbyProps) {
  const { t } = useText();
  const [sheet, setSheet] = useState<SheetName | Seat | undefined>();
  const [muted, toggleMuted] = useMuted();
  const { command } = model;
  const { seat: own, host, seats } = view;
  const isHost = host !== null && host === own;
  const isFull = seats.every((seat) => seat !== null);
  const order = (type: string, rest: object) => command({ type, ...rest } as { type: string });
  const options = view.options as { readonly target_points?: number };
  return (
    <main class="lobby">
      <header class="table-bar">
        <IconButton icon="menu" label={t('menu')} onClick={() => setSheet('menu')} />
        <div class="lobby-title">
          <h1>{t('table_code', { code: spacedCode(view.room) })}</h1>
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
          <IconButton icon="talk" label={t('talk')} onClick={() => setSheet('talk')} />
        )}
      </header>
      <div class="lobby-main">
        <div class="felt lobby-table" dir="ltr">
          {SEATS.map((seat) => (
            <LobbySeat
              key={seat}
              seat={seat}
              room={view}
              connected={model.state.presence.seats[seat] === true}
              said={muted.has(seat) ? undefined : model.said.get(seat)}
              onSit={() => order('choose_seat', { seat })}
              onBot={() => order('add_bot', { seat })}
              onRemove={() => order('kick', { seat })}
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
              onClick={() => order('start', { fill_with_bots: !isFull })}
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
              {t('refused', { reason: model.refusal.message })}
            </p>
          )}
        </aside>
      </div>
      <BoardSheets
        shown={sheet}
        model={model}
        room={view}
        table={null}
        muted={muted}
        onMute={toggleMuted}
        onShow={setSheet}
      />
    </main>
  );
}
