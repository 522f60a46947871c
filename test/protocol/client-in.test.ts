/** The short ways that commands and hellos take through the parser say what their schemas say. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  commandRequestSchema,
  helloSchema,
  PROTOCOL_VERSION,
  parseClientFrame,
  parseRoomCommand,
} from '../../src/protocol/client-in.js';
import { ROOM_COMMANDS } from '../../src/protocol/vocabulary.js';

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
  {
    weight: 2,
    arbitrary: fc.record({ for: often(fc.integer({ min: 1 }), fc.constantFrom(0, -1, 1.5, 2 ** 53, '1', null, [])) }),
  },
  { weight: 1, arbitrary: fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.jsonValue(), { maxKeys: 2 }) },
);

const lacking = fc.oneof(
  { weight: 9, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.subarray(['id', 'command'], { minLength: 1 }) },
);

test('the commands of rooms are those that have a schema', () => {
  const detailOf = (type: string) => ({ detail: '', ...parseRoomCommand({ type }) }).detail;
  for (const type of ROOM_COMMANDS) expect(detailOf(type)).not.toMatch(/^type/);
  expect(detailOf('play')).toMatch(/^type/);
});

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

const text = (right: RegExp, ...wrong: unknown[]) =>
  often(fc.stringMatching(right), fc.oneof(fc.constantFrom(...wrong), fc.jsonValue()));
const truth = often(fc.boolean(), fc.jsonValue());
const resume = often(
  fc.record({ epoch: fc.nat(), seq: fc.nat(), digest: fc.stringMatching(/^[0-9a-f]{0,33}$/) }),
  fc.oneof(fc.constant({}), fc.jsonValue()),
);
const hellos = fc.record(
  {
    type: fc.constant('hello'),
    v: often(fc.constant(PROTOCOL_VERSION), fc.oneof(fc.constant(undefined), fc.jsonValue())),
    client_id: text(/^[0-9A-Za-z_-]{8,64}$/, undefined, 'short', `${'a'.repeat(8)}\n`, 'a'.repeat(65)),
    name: text(
      /^[!-~]{1,9}( [!-~]{1,9})?$/,
      '',
      ' ',
      'a  b',
      ' a',
      'a ',
      'سارا',
      'a'.repeat(21),
      'a\u200cb',
      'a'.repeat(201),
    ),
    token: text(/^[0-9A-Za-z_-]{1,64}$/, '', 'a'.repeat(65)),
    proposed_token: text(/^[0-9A-Za-z_-]{22,64}$/, 'a'.repeat(21), 'a'.repeat(65)),
    seat: often(fc.nat(7), fc.constantFrom(-1, 8, 1.5, '1', null)),
    spectate: truth,
    moves: truth,
    resume,
    more: often(fc.constant(undefined), fc.jsonValue()),
  },
  { requiredKeys: ['type', 'v', 'client_id', 'more'] },
);

test('a hello is taken, cleaned or refused as by its schema', () => {
  let taken = 0;
  fc.assert(
    fc.property(hellos, (given) => {
      const hello = JSON.stringify(given);
      const said = helloSchema.safeParse(JSON.parse(hello));
      const parsed = parseClientFrame(hello);
      if (!parsed.ok && parsed.code === 'VERSION_UNSUPPORTED') return expect(given.v).not.toBe(PROTOCOL_VERSION);
      expect(parsed.ok).toBe(said.success);
      if (!parsed.ok) return;
      taken += 1;
      expect(parsed.value).toEqual(said.data);
    }),
    { numRuns: 6_000 },
  );
  expect(taken).toBeGreaterThan(200);
});
