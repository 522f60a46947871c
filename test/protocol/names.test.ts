/** Names that look the same are the same to the table; what cannot be seen is no name. */
import { describe, expect, test } from '@jest/globals';
import { parseClientFrame } from '../../src/protocol/client-in.js';
import { isVisible, looksLike, skeleton } from '../../src/protocol/names.js';
import { room } from '../room/pure-room.js';

const hello = (name: string) => parseClientFrame(JSON.stringify({ type: 'hello', v: 1, client_id: 'client-1', name }));

describe('look the same', () => {
  test.each([
    ['a zero-width space', 'Sara', 'Sa\u200bra'],
    ['a joiner of graphemes', 'Sara', 'Sa\u034fra'],
    ['a filler of Hangul', 'Sara', 'Sara\u3164'],
    ['a half-width filler of Hangul', 'Sara', '\uffa0Sara'],
    ['a blank of Braille', 'Sara', 'Sara\u2800'],
    ['a variation selector', 'Sara', 'Sara\ufe0f'],
    ['a soft hyphen', 'Sara', 'Sa\u00adra'],
    ['full-width letters', 'Sara', 'Ｓａｒａ'],
    ['mathematical letters', 'Sara', '𝐒𝐚𝐫𝐚'],
    ['capitals', 'Sara', 'SARA'],
    ['Cyrillic letters', 'Sara', 'Sаrа'],
    ['Cyrillic capitals', 'SARA', 'ЅАRА'],
    ['Cherokee letters', 'SARA', 'ᏚᎪᎡᎪ'],
    ['Greek letters', 'Pavo', 'Ραvο'],
    ['a one for an l', 'Ali', 'A1i'],
    ['a capital i for an l', 'Pavlo', 'PavIo'],
    ['an Arabic and a Persian yeh', 'علي', 'علی'],
    ['an Arabic and a Persian kaf', 'كاوه', 'کاوه'],
    ['Arabic and Persian digits', 'سارا ٤', 'سارا ۴'],
    ['presentation forms of Arabic', 'سارا', 'ﺳﺎﺭﺍ'],
    ['spaces of other widths', 'Sara B', 'Sara\u2003B'],
    ['letters with marks in one sign or two', 'Zoé', 'Zoe\u0301'],
  ])('with %s', (_, one, other) => {
    expect(looksLike(one, other)).toBe(true);
    expect(looksLike(other, one)).toBe(true);
  });

  test.each([
    ['Sara', 'Sarah'],
    ['Zoe', 'Zoé'],
    ['علی', 'علا'],
    ['Ali', 'Eli'],
    ['Bot 2', 'Bot 3'],
    ['👍', '👎'],
  ])('not: %s and %s', (one, other) => {
    expect(looksLike(one, other)).toBe(false);
  });

  test('and a skeleton is its own skeleton', () => {
    for (const name of ['Ꮪаrа', 'كاوه', 'm1ІІ', 'Ｓａｒａ']) expect(skeleton(skeleton(name))).toBe(skeleton(name));
  });
});

test.each([
  '',
  ' ',
  '\u3164',
  '\u2800\u2800',
  '\u034f',
  '\u200c\u200d',
  '\u115f',
  '\ufe0f',
  '\u0301',
  '\u00ad',
  '\u{e0041}',
  '\u00a0\u3000',
])('nothing is seen of %j, and it is no name', (name) => {
  expect(isVisible(name)).toBe(false);
  expect(hello(name)).toMatchObject({ ok: false, code: 'BAD_FRAME' });
});

test.each(['x', 'ی', '漢', '٣', '👍', '…', '\u3164x', 'n\u0303'])('%j is seen', (name) => {
  expect(isVisible(name)).toBe(true);
  expect(hello(name)).toMatchObject({ ok: true });
});

test('at one table the later of two that look the same has a number, and both are shown as they were typed', () => {
  const table = room();
  for (const name of ['علي', 'علی', 'Sara', 'Ｓａｒａ']) table.join(name);
  expect(table.names).toEqual(['علي', 'علی (2)', 'Sara', 'Ｓａｒａ (2)']);
});
