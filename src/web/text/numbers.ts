/** Digits: shown by one formatter in the reader's language, and understood in every spelling. */

const formatters = {
  en: new Intl.NumberFormat('en', { useGrouping: false }),
  fa: new Intl.NumberFormat('fa-IR', { useGrouping: false }),
} as const;

/** The number in the language's digits: 12 or ۱۲. */
export function formatNumber(value: number, language: keyof typeof formatters): string {
  return formatters[language].format(value);
}

/** Persian and Arabic digits as Latin ones, for codes and numbers that are typed. */
export function latinDigits(text: string): string {
  return text.replace(/[۰-۹٠-٩]/g, (digit) => {
    const code = digit.charCodeAt(0);
    return String(code - (code >= 0x06f0 ? 0x06f0 : 0x0660));
  });
}

/** Arabic yeh and kaf as the Persian ones: keyboards give either, names should be told apart by neither. */
export function persianLetters(text: string): string {
  return text.replaceAll('ي', 'ی').replaceAll('ك', 'ک');
}

/** A room code as it is read aloud and typed: two groups of four. */
export function spacedCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}
