/** Faces, drawn: no two devices have the same emoji. */
import type { Phrase } from '../../client/browser.js';

export type EmotePhrase = Extract<Phrase, `emote_${string}`>;
export const isEmote = (phrase: Phrase): phrase is EmotePhrase => phrase.startsWith('emote_');

/** Eyes and mouth on a grid of 48. */
const FACES: Readonly<Partial<Record<EmotePhrase, string>>> = {
  emote_laugh: 'M13 20l5-4 5 4M25 20l5-4 5 4M13 27h22c-1 7-5 11-11 11s-10-4-11-11z',
  emote_cry: 'M17 18v4M31 18v4M16 36c2-5 5-7 8-7s6 2 8 7M31 26c3 4 3 7 0 7s-3-3 0-7z',
  emote_think: 'M17 17v4M31 15v4M14 12l6-1M28 10l7 1M18 33l12-3M12 40c2-5 5-5 8-4',
  emote_angry: 'M13 15l8 4M35 15l-8 4M18 22v1M30 22v1M16 36c2-4 5-6 8-6s6 2 8 6',
};

export function Emote({ phrase }: { readonly phrase: EmotePhrase }) {
  const face = FACES[phrase];
  return (
    <svg class="emote" data-emote={phrase} viewBox="0 0 48 48" aria-hidden="true">
      {face !== undefined && <circle class="emote-skin" cx="24" cy="24" r="21" />}
      {face !== undefined && <path class="emote-lines" d={face} />}
      {phrase === 'emote_heart' && (
        <path
          class="emote-heart"
          d="M24 42C21 35 5 27 5 15 5 9 9 5 14.500 5 19 5 22.500 7.500 24 11c1.500-3.500 5-6 9.500-6C39 5 43 9 43 15c0 12-16 20-19 27z"
        />
      )}
      {phrase === 'emote_clap' && (
        <>
          <path
            class="emote-skin"
            d="M9 22l11-9c2-1 4 1 3 3l-3 4 13-9c3-1 5 2 3 4l2 1c2 1 2 3 1 4 2 1 2 3 0 5 1 2 0 4-2 5L25 41c-5 3-11 2-14-3-3-4-5-12-2-16z"
          />
          <path class="emote-lines" d="M20 20l-7 6M36 15L24 24M38 20L26 29M37 26l-10 8M24 3v5M14 5l3 4M34 3l-3 5" />
        </>
      )}
    </svg>
  );
}
