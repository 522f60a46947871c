import { expect, test } from '@jest/globals';
import { isPlainPong, plainText } from '../../src/edge/plain-frames.js';
import { frame, opcodes, text } from './raw.js';

const { BINARY, PING, PONG } = opcodes;

test.each([
  ['nothing', ''],
  ['the longest with its length in one byte', 'a'.repeat(125)],
  ['one byte more', 'a'.repeat(126)],
  ['two more', 'a'.repeat(127)],
  ['the longest that is taken', 'a'.repeat(1_024)],
  ['all of ASCII', String.fromCharCode(...Array(128).keys())],
])('a frame of %s is plain', (_, said) => {
  expect(plainText(frame(text(said)))).toBe(said);
});

const whole = frame(text('a command'));
const unmasked = Buffer.from([0x81, 2, 0x68, 0x69]);
/** Says that its length is in eight bytes, and is as long as the seven bits would say. */
const eightBytes = Buffer.concat([Buffer.from([0x81, 0xff]), Buffer.alloc(4 + 127)]);
test.each([
  ['no byte', Buffer.alloc(0)],
  ['a part of a frame', whole.subarray(0, -1)],
  ['its first byte', whole.subarray(0, 1)],
  ['a length without its second byte', frame(text('a'.repeat(300))).subarray(0, 3)],
  ['a frame and the start of the next', Buffer.concat([whole, whole.subarray(0, 1)])],
  ['two frames', Buffer.concat([whole, whole])],
  ['a text that is not ASCII', frame(text('سلام'))],
  ['a text that is too long', frame(text('a'.repeat(1_025)))],
  ['the start of a text in parts', frame({ ...text('a'), final: false })],
  ['bytes', frame({ opcode: BINARY, payload: Buffer.from('a') })],
  ['a ping', frame({ opcode: PING, payload: Buffer.alloc(0) })],
  ['a frame with an extension', Buffer.concat([Buffer.from([0xc1]), whole.subarray(1)])],
  ['a frame without a mask', unmasked],
  ['a length in eight bytes', eightBytes],
])('%s is not', (_, chunk) => {
  expect(plainText(chunk)).toBeUndefined();
});

test('a pong that carries nothing is plain, no other', () => {
  const pong = (carried: string) => frame({ opcode: PONG, payload: Buffer.from(carried) });
  const isPlain = (chunk: Buffer) => isPlainPong(chunk, chunk.length);
  expect(isPlain(pong(''))).toBe(true);
  const others = [pong('x'), pong('').subarray(0, -1), Buffer.concat([pong(''), pong('')]), whole];
  expect(others.map(isPlain)).toEqual(others.map(() => false));
});
