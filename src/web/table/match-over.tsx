/** The end of a match: who won, and another one. */
import type { RoomView, Seat } from '../../client/browser.js';
import { type Side, sideOf } from '../../game/hokm/seats.js';
import type { Table } from '../../game/hokm/table.js';
import { useText } from '../text/text.js';
import type { PlayedHand } from './memory.js';
import { playerName } from './player-name.js';
import { reasonWords, sideName } from './reason-words.js';
import { SwapButton, swapsWished } from './swap-button.js';

export interface MatchOverProps {
  readonly room: RoomView;
  readonly table: Table;
  readonly last: PlayedHand | undefined;
  readonly onAgain: () => void;
  readonly onSwap: (to: Seat | null) => void;
  readonly onHands: () => void;
}

export function MatchOver({ room, table, last, onAgain, onSwap, onHands }: MatchOverProps) {
  const text = useText();
  const { t } = text;
  const side: Side = sideOf(table.result?.winners[0] ?? room.seat ?? (0 as NonNullable<typeof room.seat>));
  const won = room.seat !== null && sideOf(room.seat) === side;
  const forfeited = table.scores[side] < table.options.target_points;
  const isHost = room.host !== null && room.host === room.seat;
  const host = room.host === null ? undefined : room.seats[room.host]?.name;
  return (
    <section class="result-panel match-over" data-won={room.seat === null ? undefined : won} role="status">
      <h2>{won ? t('match_won') : t('match_lost', { side: sideName(text, room, side) })}</h2>
      <p class="result-points">{t('final_score', { a: table.scores[side], b: table.scores[1 - side] ?? 0 })}</p>
      {forfeited ? (
        <p class="quiet">{t(won || room.seat === null ? 'forfeited' : 'forfeited_against')}</p>
      ) : (
        last && (
          <p class="quiet">
            {t('points_plus', { count: last.points })} · {reasonWords(text, room, last)}
          </p>
        )
      )}
      {swapsWished(room).map((seat) => {
        const name = playerName(text, room, seat);
        return (
          <p key={seat}>
            {t('swap_wanted', { name })} <SwapButton room={room} seat={seat} name={name} onSwap={onSwap} />
          </p>
        );
      })}
      <div class="buttons">
        {last && last.played.length > 0 && (
          <button type="button" class="button" onClick={onHands}>
            {t('see_hands')}
          </button>
        )}
        {isHost && (
          <button type="button" class="button primary" onClick={onAgain}>
            {t('play_again')}
          </button>
        )}
      </div>
      {!isHost && host !== undefined && <p class="quiet">{t('waiting_for_host', { name: host })}</p>}
    </section>
  );
}
