/** The short way that a command takes through the parser says what its schema says. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { commandRequestSchema, parseClientFrame } from '../../src/protocol/client-in.js';

/** Mostly right, so that what is wrong stands alone. */
const often = <T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 4, arbitrary: right as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: wrong });

const ids = often(
  fc
    .tuple(fc.integer({ min: 1, max: 999_999_999 }), fc.stringMatching(/^[0-9A-Za-z_]{1,16}$/))
    .map((id) => id.join('-')),
  fc.oneof(fc.constantFrom('0-a', '01-a', '1-', '-a', '1-a\n', '1234567890-a', `1-${'a'.repeat(17)}`), fc.jsonValue()),
);
const types = often(
  fc.constantFrom('play', 'start', 'a'.repeat(32)),
  fc.oneof(fc.constant('a'.repeat(33)), fc.jsonValue()),
);
const commands = often(
  fc
    .tuple(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }), types)
    .map(([more, type]) => ({ ...more, type })),
  fc.oneof(fc.constant({}), fc.constant([{ type: 'play' }]), fc.jsonValue()),
);
const extras = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.jsonValue(), { maxKeys: 2 }) },
);

const lacking = fc.oneof(
  { weight: 9, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.subarray(['id', 'command'], { minLength: 1 }) },
);

test('a command is taken or refused as by its schema', () => {
  fc.assert(
    fc.property(ids, commands, extras, lacking, (id, command, extra, missing) => {
      const given: Record<string, unknown> = { ...extra, id, command };
      for (const field of missing) delete given[field];
      const request = JSON.stringify(given);
      const said = commandRequestSchema.safeParse(JSON.parse(request));
      const parsed = parseClientFrame(JSON.stringify({ type: 'command', ...given }));
      expect(parsed.ok).toBe(said.success);
      if (parsed.ok) expect(parsed.value).toEqual({ type: 'command', ...said.data });
    }),
    { numRuns: 3_000, examples: [['1-A', JSON.parse('{"__proto__":[],"type":"play"}'), {}, []]] },
  );
});
