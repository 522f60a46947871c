/** All hands of the match so far, each with its reason. */
import type { RoomView } from '../../client/browser.js';
import type { Table } from '../../game/hokm/table.js';
import { Sheet } from '../parts/sheet.js';
import { useText } from '../text/text.js';
import type { PlayedHand } from './memory.js';
import { reasonWords, sideName } from './reason-words.js';

export interface ScoreSheetProps {
  readonly hands: readonly PlayedHand[];
  readonly table: Table;
  readonly room: RoomView;
  readonly onClose: () => void;
}

export function ScoreSheet({ hands, table, room, onClose }: ScoreSheetProps) {
  const text = useText();
  const { t, n } = text;
  const ours = ((room.seat ?? 0) & 1) as 0 | 1;
  return (
    <Sheet title={t('score_details')} onClose={onClose}>
      <p class="big-score">
        <span>{sideName(text, room, ours)}</span>
        <strong>{n(table.scores[ours])}</strong>
        <strong>{n(table.scores[ours === 0 ? 1 : 0])}</strong>
        <span>{sideName(text, room, ours === 0 ? 1 : 0)}</span>
      </p>
      <p class="quiet">{t('target_is', { points: table.options.target_points })}</p>
      <h3>{t('hands_so_far')}</h3>
      {hands.length === 0 && <p class="quiet">{t('no_hands_yet')}</p>}
      <ol class="hand-list">
        {hands.map((hand) => (
          <li key={hand.hand} data-ours={hand.side === ours}>
            <strong>{t('points_plus', { count: hand.points })}</strong>
            <span>
              {t('hand_number', { hand: hand.hand })} · {sideName(text, room, hand.side)}
              <small>{reasonWords(text, room, hand)}</small>
            </span>
          </li>
        ))}
      </ol>
    </Sheet>
  );
}
