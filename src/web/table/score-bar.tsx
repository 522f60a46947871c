/** Both sides' points and tricks, and the trump between them. A button: the score explains itself. */
import type { RoomView } from '../../client/browser.js';
import type { Side } from '../../game/hokm/seats.js';
import type { Table } from '../../game/hokm/table.js';
import { useText } from '../text/text.js';
import { sideName } from './reason-words.js';
import { TrumpSign } from './trump-sign.js';

export interface ScoreBarProps {
  readonly table: Table;
  readonly room: RoomView;
  readonly onOpen: () => void;
}

/** Tricks that win a hand. */
const SEVEN = 7;

export function ScoreBar({ table, room, onOpen }: ScoreBarProps) {
  const text = useText();
  const { t, n } = text;
  const ours = ((room.seat ?? 0) & 1) as Side;
  const half = (side: Side, label = sideName(text, room, side)) => (
    <span class="score-half" data-ours={side === ours}>
      <span class="unseen">
        {t('score_of', { side: label, points: table.scores[side], tricks: table.tricks[side] })}
      </span>
      <span class="score-words" aria-hidden="true">
        <span class="score-label">{label}</span>
        <strong key={table.scores[side]}>{n(table.scores[side])}</strong>
      </span>
      <span class="pips" aria-hidden="true">
        {Array.from({ length: SEVEN }, (_, at) => (
          <i key={`${side} ${at}`} data-on={at < table.tricks[side]} />
        ))}
      </span>
    </span>
  );
  return (
    <button type="button" class="score-bar" translate={false} title={t('score_details')} onClick={onOpen}>
      {half(ours)}
      <TrumpSign trump={table.trump} />
      {half((1 - ours) as Side)}
    </button>
  );
}
