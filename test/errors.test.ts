import { expect, test } from '@jest/globals';
import { errors } from '../src/errors.js';
import { tableUnder } from './protocol/page.js';

const rows = tableUnder('Errors').map(([code = '', http, close, retry, meaning]) => ({
  code: code.replaceAll('`', ''),
  http: Number(http),
  close: close === '–' ? undefined : Number(close),
  retry: retry === 'yes',
  meaning,
}));

test('the documentation has every error of the catalogue once, with its figures, and no other', () => {
  const documented = rows.map(({ code, http, close, retry }) => [code, { http, close, retry }]);
  const catalogue = Object.entries(errors).map(([code, { http, close, retry }]) => [code, { http, close, retry }]);
  expect(documented).toEqual(catalogue);
  expect(rows.filter(({ meaning }) => !meaning)).toEqual([]);
});

test('every close code of the catalogue is explained with the errors that it stands for', () => {
  const explained = new Map(
    tableUnder('Close codes').flatMap(([code = '', meaning = '']) =>
      code.split(', ').map((number) => [Number(number), meaning] as const),
    ),
  );
  for (const [code, { close }] of Object.entries(errors)) {
    if (close !== undefined)
      expect([close, explained.get(close)]).toEqual([close, expect.stringContaining(`\`${code}\``)]);
  }
});

test('whoever is told to retry may come back, and the other way round', () => {
  const comeBack = new Map(tableUnder('Close codes').map(([code = '', , answer = '']) => [code, /^yes/.test(answer)]));
  for (const [code, { close, retry }] of Object.entries(errors)) {
    if (close !== undefined) expect([code, comeBack.get(String(close))]).toEqual([code, retry]);
  }
});

test('a message is for people: a capital first, a full stop last, one line', () => {
  const odd = Object.entries(errors).filter(([, { message }]) => !/^[A-Z][^\n]*\.$/.test(message));
  expect(odd).toEqual([]);
});
