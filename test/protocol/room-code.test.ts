/** What people write where a room code should be, and what is understood. */
import { describe, expect, test } from '@jest/globals';
import { parseRoomCode, readRoomCode } from '../../src/protocol/ids.js';

const CODE = '7KQ2M9XZ';
const BINARY = '10101010';

const UNDERSTOOD: readonly (readonly [what: string, text: string, code: string])[] = [
  ['as it is', '7KQ2M9XZ', CODE],
  ['small letters and a hyphen', '7kq2-m9xz', CODE],
  ['an en dash', '7KQ2–M9XZ', CODE],
  ['an em dash with spaces', '7KQ2 — M9XZ', CODE],
  ['a minus sign', '7KQ2−M9XZ', CODE],
  ['a non-breaking hyphen', '7KQ2\u2011M9XZ', CODE],
  ['a soft hyphen', '7KQ2\u00adM9XZ', CODE],
  ['spaces between all signs', '7 K Q 2 M 9 X Z', CODE],
  ['a no-break space', '7KQ2\u00a0M9XZ', CODE],
  ['a line feed at the end', '7KQ2M9XZ\n', CODE],
  ['right-to-left marks', '\u200f7KQ2\u200f-M9XZ\u200f', CODE],
  ['isolates of a chat program', '\u2068\u20667KQ2-M9XZ\u2069\u2069', CODE],
  ['zero-width signs', '7KQ2\u200b\u200c\u200d\ufeffM9XZ', CODE],
  ['a full stop', '7KQ2M9XZ.', CODE],
  ['brackets', '(7KQ2-M9XZ)', CODE],
  ['quotes and a comma', '„7KQ2-M9XZ“,', CODE],
  ['stars of a chat program', '*7KQ2-M9XZ*', CODE],
  ['Persian punctuation', '«7KQ2M9XZ»،', CODE],
  ['full-width letters', '７ＫＱ２－Ｍ９ＸＺ', CODE],
  ['Persian digits', '۷KQ۲-M۹XZ', CODE],
  ['Arabic digits', '٧KQ٢M٩XZ', CODE],
  ['O for 0, l and I for 1', 'lOlOIoi0', BINARY],
  ['a whole link', 'https://example.org/?room_code=7KQ2M9XZ', CODE],
  ['a link with a bracket and a full stop', 'https://example.org/?room_code=7KQ2M9XZ).', CODE],
  ['a link amid words', 'Come! https://example.org/?room_code=7kq2-m9xz&watch (now)', CODE],
  ['a link whose signs were escaped', 'https://example.org/?room_code=7KQ2%E2%80%93M9XZ%E2%80%8F%29', CODE],
  ['a link within a link', 'https://sm.example/?to=https%3A%2F%2Fexample.org%2F%3Froom_code%3D7KQ2M9XZ', CODE],
  ['a link with a broken escape', 'https://example.org/?room_code=7KQ2M9XZ%', CODE],
  ['the address of a socket', 'wss://example.org/ws?room_code=7KQ2M9XZ', CODE],
  ['words before a code', 'Table code: 7KQ2-M9XZ', CODE],
  ['words about a code', 'میز 7KQ2M9XZ، بیا', CODE],
  ['one code twice', '7KQ2-M9XZ (7kq2m9xz)', CODE],
];

const NOT_UNDERSTOOD: readonly (readonly [what: string, text: string])[] = [
  ['nothing', ''],
  ['signs alone', ' -–. '],
  ['too short', '7KQ2M9X'],
  ['too long', '7KQ2M9XZ0'],
  ['a letter that no code has', '7KQ2M9XU'],
  ['letters of another script', '7KQ2M9XЖ'],
  ['a link without a code', 'https://example.org/'],
  ['a link with an empty code', 'https://example.org/?room_code=&watch'],
  ['a link with a code that is none', 'https://example.org/?room_code=7KQ2-M9XZ-join'],
  ['words of eight letters', 'come tomorrow thursday'],
  ['two codes', '7KQ2-M9XZ or 10AB-CD23'],
  ['a book', '7KQ2-M9XZ '.repeat(1_000)],
];

describe('people are understood:', () => {
  for (const [what, text, code] of UNDERSTOOD) test(what, () => expect(readRoomCode(text)).toBe(code));
});

describe('no code is made up of', () => {
  for (const [what, text] of NOT_UNDERSTOOD) test(what, () => expect(readRoomCode(text)).toBeUndefined());
});

test('what a person is understood to mean is what programs send, and HAProxy reads as the same room', () => {
  for (const [, text] of UNDERSTOOD) {
    const code = readRoomCode(text) ?? '';
    expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{8}$/);
    expect(parseRoomCode(code)).toBe(code);
  }
});
