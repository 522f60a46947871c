/** What is shown in the place of a page that has met an error of its own. */
import { useText } from './text/text.js';

export function Broken() {
  const { t } = useText();
  return (
    <main class="centred">
      <section class="panel form closed" role="alert">
        <h1>{t('broken')}</h1>
        <p>{t('broken_hint')}</p>
        <button type="button" class="button primary wide" onClick={() => location.reload()}>
          {t('reload')}
        </button>
      </section>
    </main>
  );
}
