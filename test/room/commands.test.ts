// Holds I3 of src/README.md.
/** A seat's window against the plainest thing that could be one: a list of all commands, of which the last count. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Seat } from '../../src/game/game.js';
import type { CommandId, Seq } from '../../src/protocol/ids.js';
import {
  CommandWindows,
  counterOf,
  type Outcome,
  type Refused,
  type StoredWindow,
  WINDOW,
} from '../../src/room/commands.js';

const SEAT = 2 as Seat;

/** As snapshots of version 1 have it. */
function paired({ ids, outcomes, ...rest }: StoredWindow) {
  const outcomeAt = (at: number): Outcome => {
    const outcome = outcomes[at] as Seq | Refused;
    return typeof outcome === 'number' ? { seq: outcome } : outcome;
  };
  return { ...rest, outcomes: ids.map((id, at): [CommandId, Outcome] => [id, outcomeAt(at)]) };
}

test('tells the last of a seat, however often it was stored and loaded', () => {
  const steps = fc.array(
    fc.record({ skip: fc.nat(3), back: fc.nat(4), refused: fc.boolean(), reload: fc.integer({ min: 0, max: 99 }) }),
    { minLength: 1, maxLength: 3 * WINDOW, size: 'max' },
  );
  fc.assert(
    fc.property(steps, (given) => {
      let windows = new CommandWindows();
      const all: [CommandId, Outcome][] = [];
      let counter = 10;
      for (const [at, { skip, back, refused, reload }] of given.entries()) {
        counter += 1 + skip;
        // Now and then a counter that is lower than one before: two tabs of one player.
        const id = `${Math.max(1, counter - back)}-n${at}` as CommandId;
        const outcome: Outcome = refused ? { refused: 'ILLEGAL_MOVE' } : { seq: at as Seq };
        windows.record(SEAT, id, 'seq' in outcome ? outcome.seq : outcome);
        all.push([id, outcome]);
        if (reload === 0) windows = new CommandWindows(JSON.parse(JSON.stringify(windows.stored())));
        if (reload === 1) windows = new CommandWindows(JSON.parse(JSON.stringify(windows.stored().map(paired))));
      }
      const kept = all.slice(-WINDOW);
      for (const [id, outcome] of kept) expect(windows.lookup(SEAT, id)).toEqual(outcome);
      for (const [id] of all.slice(0, -WINDOW)) expect(windows.lookup(SEAT, id)).toBe('stale');
      const highest = Math.max(...all.map(([id]) => counterOf(id)));
      expect(windows.highest(SEAT)).toBe(highest);
      expect(windows.lookup(SEAT, `${highest + 1}-new` as CommandId)).toBe('new');
      expect(windows.lookup(0 as Seat, '1-new' as CommandId)).toBe('new');
      expect(windows.stored().map(paired)).toMatchObject([{ seat: SEAT, highest, outcomes: kept }]);
    }),
    { numRuns: 60 },
  );
});
