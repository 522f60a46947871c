/** A QR code as one SVG path; its maker is loaded when the first one is shown. */
import { useEffect, useState } from 'preact/hooks';
import { useText } from '../text/text.js';

/** Empty modules around the code that readers need. */
const QUIET = 4;

export function QrCode({ text }: { readonly text: string }) {
  const { t } = useText();
  const [drawn, setDrawn] = useState<{ readonly size: number; readonly path: string } | undefined>();
  useEffect(() => {
    const draw = async () => {
      const { generate } = await import('lean-qr');
      const code = generate(text);
      const rows = Array.from({ length: code.size }, (_, y) =>
        Array.from({ length: code.size }, (_, x) => (code.get(x, y) ? `M${x} ${y}h1v1h-1z` : '')).join(''),
      );
      setDrawn({ size: code.size, path: rows.join('') });
    };
    // Offline the module does not load: the code stays empty, and the link beside it still works.
    draw().catch(() => undefined);
  }, [text]);
  const size = (drawn?.size ?? 25) + 2 * QUIET;
  return (
    <svg class="qr" role="img" aria-label={t('qr_of')} viewBox={`${-QUIET} ${-QUIET} ${size} ${size}`}>
      <rect x={-QUIET} y={-QUIET} width={size} height={size} fill="#fff" />
      <path d={drawn?.path ?? ''} fill="#111" />
    </svg>
  );
}
