// Holds I5 of src/README.md.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Digest, Seq } from '../../src/protocol/ids.js';
import { History, type LogLine, type Position } from '../../src/room/history.js';

const BASE: Position = { seq: 7 as Seq, digest: '00000000000000ba' as Digest };
const digestOf = (at: number) => at.toString(16).padStart(16, '0') as Digest;

/** The texts as lines behind `BASE`. */
const linesOf = (texts: readonly string[]): LogLine[] =>
  texts.map((text, at) => ({ seq: (BASE.seq + at + 1) as Seq, digest: digestOf(at), text }));

/** Longer than a block, empty, and not only ASCII. */
const texts = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.string({ unit: 'grapheme', maxLength: 400 }) },
    { weight: 1, arbitrary: fc.nat(12_000).map((length) => 'ü'.repeat(length)) },
  ),
  { maxLength: 120 },
);

test('every position that is kept finds exactly the lines after it, whatever they hold', () => {
  fc.assert(
    fc.property(texts, (said) => {
      const lines = linesOf(said);
      const history = new History(BASE);
      for (const line of lines) history.push(line);
      expect(history.start).toBe(BASE.seq);
      [BASE, ...lines].forEach(({ seq, digest }, at) => {
        expect(history.after({ seq, digest })).toEqual(lines.slice(at));
        expect(history.after({ seq, digest: digestOf(999) })).toBeUndefined();
      });
      const { seq, digest } = lines.at(-1) ?? BASE;
      expect(history.position).toEqual({ seq, digest });
      expect(history.after({ seq: (seq + 1) as Seq, digest })).toBeUndefined();
      expect(history.after({ seq: (BASE.seq - 1) as Seq, digest: BASE.digest })).toBeUndefined();
    }),
    { numRuns: 40 },
  );
});

test('what is trimmed is gone, what is to be kept is there, and little more', () => {
  fc.assert(
    fc.property(texts, fc.nat(130), fc.nat(130), (said, upTo, keep) => {
      const lines = linesOf(said);
      const history = new History(BASE);
      for (const line of lines) history.push(line);
      const seq = (BASE.seq + upTo) as Seq;
      history.trim(seq, keep);
      const needed = Math.max(BASE.seq, Math.min(seq, BASE.seq + lines.length - keep));
      expect(history.start).toBeLessThanOrEqual(needed);
      const first = [BASE, ...lines].find((position) => position.seq === history.start);
      expect(first && history.after(first)).toEqual(lines.slice(history.start - BASE.seq));
      const next = { seq: (BASE.seq + lines.length + 1) as Seq, digest: digestOf(500), text: 'next' };
      history.push(next);
      expect(history.after(lines.at(-1) ?? BASE)).toEqual([next]);
    }),
    { numRuns: 40 },
  );
});

test('a long log takes no more than it is allowed to keep', () => {
  const history = new History(BASE);
  for (const line of linesOf(Array.from({ length: 5_000 }, (_, at) => `${at}${'x'.repeat(300)}`))) {
    history.push(line);
    if (line.seq % 64 === 0) history.trim(line.seq, 128);
  }
  const kept = history.position.seq - history.start;
  expect(kept).toBeGreaterThanOrEqual(128);
  expect(kept).toBeLessThan(128 + 64 + 30);
});
