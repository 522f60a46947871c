// Holds I4 of src/README.md.
/** What looks for hidden cards must find them: a match as it is sent passes, and each way of telling too much does not. */
import { expect, test } from '@jest/globals';
import type { Seat, Viewer } from '../../src/game/game.js';
import type { ClientOut } from '../../src/protocol/client-out.js';
import type { LogEntry } from '../../src/room/history.js';
import type { Entry } from '../../src/room/state.js';
import { projectEntry, viewRoom } from '../../src/room/view.js';
import { VIEWERS } from '../game/matches.js';
import { PureRoom } from '../room/pure-room.js';
import { game, newHead } from '../room/rooms.js';
import { hidesSecrets, type Shown } from '../room/secrets.js';

const head = newHead('HANDS000', {}, { target_points: 2 });
const room = new PureRoom(head);
for (const name of ['Ann', 'Bob', 'Cyd', 'Dan']) room.join(name);
room.command('Ann', { type: 'start' }).playOut();

const FIRST = 0 as Seat;

/** With a salt in every entry, as the shell of a room writes it. */
const salted = ({ log }: PureRoom): LogEntry[] =>
  log.map((one) => ({ ...one, entry: { ...one.entry, salt: 'salt of an entry' } }));
const log = salted(room);

type Told = (entry: Entry, viewer: Viewer) => unknown;

/** Every entry of the log as `told` says that it is sent to everybody. */
function sent(told: Told): Shown[] {
  return log.flatMap(({ seq, entry }: LogEntry) =>
    VIEWERS.map((viewer) => {
      const frame = { type: 'event', seq, events: told(entry, viewer) } as unknown as ClientOut;
      return { viewer, frame, text: JSON.stringify(frame) };
    }),
  );
}

const looked = (told: Told) => () => hidesSecrets(head, log, sent(told), new Set());
const honest: Told = (entry, viewer) => projectEntry(game, head, entry, viewer);

test('a match as it is sent hides everything that it should', () => {
  expect(log.length).toBeGreaterThan(50);
  expect(looked(honest)).not.toThrow();
});

test.each<[name: string, told: Told]>([
  [
    'those who watch are told what seat 0 is told',
    (entry, viewer) => honest(entry, viewer === 'spectator' ? FIRST : viewer),
  ],
  [
    'seats are told what their partner is told',
    (entry, viewer) => {
      return honest(entry, viewer === 'spectator' ? viewer : (((viewer + 2) % 4) as Seat));
    },
  ],
  ['the log itself is told', (entry) => entry.events],
  [
    'the seed is told with the commitment',
    (entry, viewer) => {
      const seed = entry.events.flatMap((event) => ('commitment' in event && 'seed' in event ? [event.seed] : []));
      return (honest(entry, viewer) as object[]).map((event) => ({ ...event, seed: seed[0] }));
    },
  ],
])('it is found when %s', (_, told) => {
  expect(looked(told)).toThrow(/sees|a seed before|a salt/);
});

test('it is found when somebody who comes late is shown the view of another', () => {
  const before = new PureRoom(head);
  for (const name of ['Ann', 'Bob', 'Cyd', 'Dan']) before.join(name);
  before.command('Ann', { type: 'start' });
  while (before.types.every((type) => type !== 'rest_dealt')) before.next();
  const welcome = (viewer: Viewer, of: Viewer): Shown => {
    const frame = {
      type: 'welcome',
      seq: before.seq,
      view: viewRoom(game, head, before.state, of),
    } as unknown as ClientOut;
    return { viewer, frame, text: JSON.stringify(frame) };
  };
  expect(() => hidesSecrets(head, salted(before), [welcome(FIRST, FIRST)], new Set())).not.toThrow();
  expect(() => hidesSecrets(head, salted(before), [welcome('spectator', FIRST)], new Set())).toThrow(/sees/);
});
