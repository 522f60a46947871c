/** What is put together as text is the JSON of the frame. */
import { expect, test } from '@jest/globals';
import type { Seat } from '../../src/game/game.js';
import type { CommandId, Epoch, Seq } from '../../src/protocol/ids.js';
import { EventFrames } from '../../src/room/event-frames.js';
import { History, START } from '../../src/room/history.js';
import type { Entry } from '../../src/room/state.js';

const HIDDEN = [{ type: 'rest_dealt', hand: ['AS', 'TD'] }] as const;
const LEGAL = [{ type: 'play', card: 'AS' }];

test.each<[string, Partial<Entry>, number | null]>([
  ['by a command', { by: { seat: 1 as Seat, id: '7-abc' as CommandId } }, 1_700_000_030_000],
  ['by time', {}, null],
])('an entry %s', (_, extra, deadline) => {
  const events = [
    { type: 'said', text: 'a quote " and "events":[] and \u2028 \u0640' },
    { type: 'rest_dealt', hands: [['AS', 'TD'], [], [], []] },
  ];
  const entry: Entry = { v: 1, epoch: 3 as Epoch, at: 1_700_000_000_000, salt: 'ab'.repeat(16), ...extra, events };
  const line = History.link(START, entry);
  const frames = new EventFrames(line, deadline);
  const { seq, digest } = line;
  const common = { type: 'event', seq, digest, epoch: 3, at: entry.at, deadline };
  expect(JSON.parse(frames.frame(events, {}).text)).toEqual({ ...common, events });
  const turn = 7 as Seq;
  expect(JSON.parse(frames.frame([...events], { legal: LEGAL, turn }).text)).toEqual({
    ...common,
    turn,
    legal: LEGAL,
    events,
  });
  expect(JSON.parse(frames.frame(events, { legal: LEGAL }).text)).toEqual({ ...common, legal: LEGAL, events });
  expect(JSON.parse(frames.frame(HIDDEN, { legal: [] }).text)).toEqual({ ...common, legal: [], events: HIDDEN });
  expect(frames.frame(HIDDEN, {})).toBe(frames.frame([...HIDDEN], {}));
});
