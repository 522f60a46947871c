/**
 * What people see of a name. Two names that look the same must be told apart, whatever signs they are made of; a name of
 * which nothing is seen is none. What is shown is what was typed.
 */
import { prototypes } from './confusables.js';

/** Nothing is seen of these, wherever they stand; the last is a blank pattern of Braille. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u2800]/gu;
/** Letters, digits, signs and pictures: marks alone have nothing to stand on. */
const SEEN = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** Whether anything is seen of the text. */
export const isVisible = (text: string): boolean => SEEN.test(text.replace(UNSEEN, ''));

/** The same for all texts that look the same (UTS #39, 4). For comparison alone: nobody is shown it. */
export function skeleton(text: string): string {
  const seen = text.normalize('NFKD').replace(UNSEEN, '').replace(/\s+/gu, ' ').trim();
  return [...seen]
    .map((sign) => prototypes.get(sign) ?? sign)
    .join('')
    .normalize('NFD');
}

/** Whether two names are easily taken for each other: they look the same, or do but for capitals. */
export const looksLike = (one: string, other: string): boolean =>
  skeleton(one) === skeleton(other) || skeleton(one.toLowerCase()) === skeleton(other.toLowerCase());
