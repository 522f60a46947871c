import { expect, test } from '@jest/globals';
import { textFrame } from '../../src/edge/text-frame.js';

const FIN_TEXT = 0x81;

test.each([
  ['no text', '', [FIN_TEXT, 0]],
  ['the longest short one', 'a'.repeat(125), [FIN_TEXT, 125]],
  ['one byte more', 'a'.repeat(126), [FIN_TEXT, 126, 0, 126]],
  ['the longest with two bytes of length', 'a'.repeat(65_535), [FIN_TEXT, 126, 0xff, 0xff]],
  ['one byte more than that', 'a'.repeat(65_536), [FIN_TEXT, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ['a length in bytes, not in letters', 'سلام'.repeat(16), [FIN_TEXT, 126, 0, 128]],
])('the header of %s', (_, text, header) => {
  const frame = textFrame(text);
  expect([...frame.subarray(0, header.length)]).toEqual(header);
  expect(frame.subarray(header.length).toString()).toBe(text);
});
