/** Says honestly how the connection is, but not before there is something to say: a table that moves is back sooner. */
import { useEffect, useState } from 'preact/hooks';
import type { TableState } from '../../client/browser.js';
import { useText } from '../text/text.js';

/** Shorter gaps are not worth a word, ms. */
const UNNOTICED_MS = 600;

export function ConnectionStrip({ state }: { readonly state: TableState }) {
  const { t } = useText();
  const { connection, view, pending } = state;
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (connection !== 'connecting') return;
    const timer = setTimeout(() => setLate(true), UNNOTICED_MS);
    return () => clearTimeout(timer);
  }, [connection]);
  const words =
    connection === 'frozen'
      ? t('frozen')
      : connection !== 'connecting' || !late
        ? ''
        : view === null
          ? t('connecting')
          : navigator.onLine
            ? `${t('reconnecting')} ${t(pending > 0 ? 'pending_sent' : 'reconnecting_hint')}`
            : `${t('offline')} ${pending > 0 ? t('pending_sent') : ''}`;
  return (
    <div class="connection-strip" translate={false} data-state={words ? connection : 'open'} role="status">
      {words && (
        <p>
          <span class="spinner" aria-hidden="true" /> {words}
        </p>
      )}
    </div>
  );
}
