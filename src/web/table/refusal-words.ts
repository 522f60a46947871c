/** Why something was refused, in the reader's language where the reason is a known one. PURE. */
import { en } from '../text/en.js';
import type { Key, Text } from '../text/text.js';

export function refusalWords(
  { t }: Text,
  { code, message }: { readonly code: string; readonly message: string },
): string {
  const key = `refused_${code}`;
  return Object.hasOwn(en, key) ? t(key as Key) : t('refused', { reason: message || code });
}
