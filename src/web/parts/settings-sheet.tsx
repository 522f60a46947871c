import { useText } from '../text/text.js';
import { Settings } from './settings.js';
import { Sheet } from './sheet.js';

/** The settings, from the start page. */
export function SettingsSheet({ onClose }: { readonly onClose: () => void }) {
  const { t } = useText();
  return (
    <Sheet title={t('settings')} onClose={onClose}>
      <Settings />
    </Sheet>
  );
}
