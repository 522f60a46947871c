/** The client's view after each event of a room is the view that the room would give it afresh. */
import { describe, expect, test } from '@jest/globals';
import { foldEvent } from '../../src/client/fold.js';
import type { RoomView } from '../../src/protocol/client-out.js';
import { evolve } from '../../src/room/state.js';
import { projectEntry, viewRoom } from '../../src/room/view.js';
import { VIEWERS } from '../game/matches.js';
import { PureRoom } from '../room/pure-room.js';
import { game, newHead, seat } from '../room/rooms.js';

/** Says after every input whether all viewers' folded views are what they would see afresh. */
class Watched extends PureRoom {
  /** The room after what was shown. */
  private seen = this.state;
  private readonly views = new Map(VIEWERS.map((viewer) => [viewer, this.fresh(viewer)]));
  private shown = 0;

  /** Follows the log from where it was, and compares. */
  follow(): this {
    for (const { entry, seq } of this.log.slice(this.shown)) {
      this.seen = evolve(game, this.head, this.seen, entry, seq);
      for (const [viewer, view] of this.views) {
        const before = JSON.stringify(view);
        const waits = viewer !== 'spectator' && view.seats[viewer]?.waits;
        const events = projectEntry(game, this.head, entry, waits ? 'spectator' : viewer);
        const after = events.reduce<RoomView>(foldEvent, view);
        expect(JSON.stringify(view)).toBe(before);
        // Who changes seats gets a new view: what he knew was of another seat.
        const played = waits && !after.seats[viewer]?.waits;
        const came = entry.events.some(
          (event) => event.type === 'seat_taken' && 'seat' in event && event.seat === viewer,
        );
        const moved = played || came || entry.events.some((event) => event.type === 'seat_changed');
        this.views.set(viewer, moved ? this.fresh(viewer) : JSON.parse(JSON.stringify(after)));
      }
    }
    this.shown = this.log.length;
    for (const [viewer, view] of this.views) expect(view).toEqual(this.fresh(viewer));
    return this;
  }

  private fresh(viewer: (typeof VIEWERS)[number]): RoomView {
    return JSON.parse(JSON.stringify(viewRoom(game, this.head, this.seen, viewer)));
  }
}

describe('a view is brought up to date', () => {
  test('by everything that happens in a lobby', () => {
    const room = new Watched(newHead('F0LD0000')).follow();
    room.join('Ana').follow().join('Bo').follow().command('Ana', { type: 'add_bot', seat: 3 }).follow();
    room.command('Bo', { type: 'choose_seat', seat: 3 }).follow().command('Ana', { type: 'kick', seat: 3 }).follow();
    room.join('Cy').follow().command('Ana', { type: 'leave' }).follow();
    expect(room.state.host).toBe(1);
    room.gone(1).wait(120_000).follow();
    expect(room.state.status).toBe('closed');
  });

  test('by a whole match with time-outs, absence, return, replacement and another match', () => {
    const room = new Watched(newHead('F0LD0001')).join('Ana').join('Bo').join('Cy');
    room.command('Ana', { type: 'start', fill_with_bots: true }).follow();
    room.gone(1);
    while (!room.types.includes('bot_substituted')) room.next().follow();
    room.join('Bo').follow().give({ type: 'thaw', forMs: 5 }).follow();
    room.command('Cy', { type: 'leave' }).follow().join('Di').follow().join('Ed').follow();
    while (room.state.status === 'playing') room.next().follow();
    expect(room.state.status).toBe('finished');
    room.command('Bo', { type: 'start' }).follow();
    room.command('Ana', { type: 'start', fill_with_bots: true }).follow();
    expect(room.state).toMatchObject({ status: 'playing', match: 2 });
  });
});

test('unknown events and games change nothing that is understood', () => {
  const room = new PureRoom(newHead('F0LD0002')).join('Ana');
  const view = viewRoom(game, room.head, room.state, seat(0));
  expect(foldEvent({ ...view, game: 'unknown' }, { type: 'card_played' })).toMatchObject({ seats: view.seats });
  const absent = { type: 'bot_substituted', seat: seat(3) };
  expect(foldEvent(view, absent)).toEqual(view);
});
