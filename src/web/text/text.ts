/** The page's words in the language chosen. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { en } from './en.js';
import { fa } from './fa.js';
import { formatNumber } from './numbers.js';
import type { Key, Words } from './words.js';

export type { Key } from './words.js';

export type Language = 'en' | 'fa';
export type Values = Readonly<Record<string, string | number>>;

export const LANGUAGES: Readonly<Record<Language, { readonly dir: 'ltr' | 'rtl'; readonly words: Words }>> = {
  en: { dir: 'ltr', words: en },
  fa: { dir: 'rtl', words: fa },
};

export interface Text {
  readonly language: Language;
  /** The words of `key`; numbers in the language's digits, texts from outside kept apart from the line's direction. */
  t(key: Key, values?: Values): string;
  n(value: number): string;
}

/** First strong isolate and its end: a name of the other direction cannot turn the line round. */
const isolated = (text: string): string => `\u2068${text}\u2069`;

export function textIn(language: Language): Text {
  const { words } = LANGUAGES[language];
  const plural = new Intl.PluralRules(language);
  const n = (value: number) => formatNumber(value, language);
  return {
    language,
    n,
    t: (key, values = {}) => {
      const one = `${key}_one`;
      const isOne = typeof values.count === 'number' && plural.select(values.count) === 'one';
      const chosen = isOne && Object.hasOwn(words, one) ? words[one as Key] : words[key];
      return chosen.replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = values[name] ?? '';
        return typeof value === 'number' ? n(value) : isolated(value);
      });
    },
  };
}

const TextContext = createContext<Text>(textIn('en'));
export const TextProvider = TextContext.Provider;
export const useText = (): Text => useContext(TextContext);
