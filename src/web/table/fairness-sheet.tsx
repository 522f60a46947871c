/** The proof that nobody stacked the cards: fingerprint before, seed after, checked here. */
import { useState } from 'preact/hooks';
import type { RoomView } from '../../client/browser.js';
import type { Table } from '../../game/hokm/table.js';
import { readLog } from '../device/api.js';
import { Icon } from '../parts/icon.js';
import { Sheet } from '../parts/sheet.js';
import { useText } from '../text/text.js';
import type { PlayedHand } from './memory.js';
import { canCheck, checkHand, type Proof, playedIn } from './proof.js';

export interface FairnessSheetProps {
  readonly room: RoomView;
  readonly table: Table | null;
  readonly last: PlayedHand | undefined;
  /** Of the newest log entry. */
  readonly seq: number;
  readonly onClose: () => void;
}

/** More entries than one hand and the next can have. */
const ENTRIES = 300;

export function FairnessSheet({ room, table, last, seq, onClose }: FairnessSheetProps) {
  const { t } = useText();
  const [proof, setProof] = useState<Proof | 'checking' | 'no log' | undefined>();
  const check = async (hand: PlayedHand) => {
    setProof('checking');
    const log = await readLog(room.room, Math.max(0, seq - ENTRIES)).catch(() => undefined);
    setProof(log ? await checkHand(hand, playedIn(log.entries, hand.hand)) : 'no log');
  };
  const step = (fits: boolean, words: string, note?: string) => (
    <li data-fits={fits}>
      <Icon name={fits ? 'check' : 'cross'} />
      <span>
        {words}
        {note && <small>{note}</small>}
      </span>
    </li>
  );
  return (
    <Sheet title={t('fairness')} onClose={onClose} class="fairness">
      <p>{t('fair_how')}</p>
      {table?.commitment && (
        <dl>
          <dt>
            {t('fair_now')}: {t('fair_commitment')}
          </dt>
          <dd class="hex" dir="ltr">
            {table.commitment}
          </dd>
        </dl>
      )}
      {!last && <p class="quiet">{t('fair_none')}</p>}
      {last && (
        <>
          <h3>{t('hand_number', { hand: last.hand })}</h3>
          <dl>
            <dt>{t('fair_commitment')}</dt>
            <dd class="hex" dir="ltr">
              {last.commitment}
            </dd>
            <dt>{t('fair_seed')}</dt>
            <dd class="hex" dir="ltr">
              {last.seed}
            </dd>
          </dl>
          {canCheck() ? (
            <button
              type="button"
              class="button primary wide"
              disabled={proof === 'checking'}
              onClick={() => check(last)}
            >
              <Icon name="shield" /> {t(proof === 'checking' ? 'fair_checking' : 'fair_check')}
            </button>
          ) : (
            <p class="problem">{t('fair_unavailable')}</p>
          )}
          <div aria-live="polite">
            {proof === 'no log' && <p class="problem">{t('fair_no_log')}</p>}
            {typeof proof === 'object' && (
              <>
                <ul class="proof">
                  {step(proof.commitment, t('fair_step_commitment'))}
                  {step(last.foreseen, t('fair_step_seen'), last.foreseen ? undefined : t('fair_not_seen'))}
                  {step(proof.deal, t('fair_step_deal'))}
                </ul>
                <p class="verdict" data-fits={proof.commitment && proof.deal}>
                  {t(proof.commitment && proof.deal ? 'fair_ok' : 'fair_bad')}
                </p>
              </>
            )}
          </div>
        </>
      )}
    </Sheet>
  );
}
