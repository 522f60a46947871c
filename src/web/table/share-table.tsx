/** The ways to tell somebody else of the table: code, link, QR code. */
import { useState } from 'preact/hooks';
import type { RoomCode } from '../../client/browser.js';
import { linkTo } from '../device/route.js';
import { Icon } from '../parts/icon.js';
import { spacedCode } from '../text/numbers.js';
import { useText } from '../text/text.js';
import { QrCode } from './qr-code.js';

const COPIED_MS = 2_000;

export interface ShareTableProps {
  readonly room: RoomCode;
  /** Whether the QR code is there from the start. */
  readonly open?: boolean;
}

export function ShareTable({ room, open = false }: ShareTableProps) {
  const { t } = useText();
  const [copied, setCopied] = useState(false);
  const [shows, setShows] = useState(open);
  const link = linkTo(room);
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(link).then(
      () => true,
      () => false,
    );
    // Without https there is no clipboard; the link can be selected below.
    setShows(shows || done !== true);
    setCopied(done === true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <section class="share" aria-label={t('invite')}>
      <p class="share-code" dir="ltr">
        {spacedCode(room)}
      </p>
      <div class="buttons">
        <button type="button" class="button" onClick={copy}>
          <Icon name={copied ? 'check' : 'copy'} /> <span aria-live="polite">{t(copied ? 'copied' : 'copy_link')}</span>
        </button>
        {typeof navigator.share === 'function' && (
          <button
            type="button"
            class="button"
            onClick={() => void navigator.share({ url: link }).catch(() => undefined)}
          >
            <Icon name="share" /> {t('share')}
          </button>
        )}
        <button type="button" class="button" aria-expanded={shows} onClick={() => setShows(!shows)}>
          <Icon name="qr" /> {t('show_qr')}
        </button>
      </div>
      {shows && (
        <>
          <QrCode text={link} />
          <p class="share-link" dir="ltr">
            {link}
          </p>
        </>
      )}
    </section>
  );
}
