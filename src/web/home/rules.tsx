/** The rules in three sentences. */
import { useText } from '../text/text.js';

export function Rules() {
  const { t } = useText();
  return (
    <details class="panel rules">
      <summary>{t('table_words')}</summary>
      <ol>
        <li>{t('rules_1')}</li>
        <li>{t('rules_2')}</li>
        <li>{t('rules_3')}</li>
      </ol>
    </details>
  );
}
