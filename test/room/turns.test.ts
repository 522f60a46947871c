// Holds I12 of src/README.md.
/** A command that names its turn counts in that turn, or not at all. */
import { expect, test } from '@jest/globals';
import type { Game, Seat } from '../../src/game/game.js';
import type { Seq } from '../../src/protocol/ids.js';
import { CommandWindows } from '../../src/room/commands.js';
import { loadHandedOver } from '../../src/room/load.js';
import { type Entry, emptyRoom, evolve, type RoomState, turnOf } from '../../src/room/state.js';
import { toSnapshot } from '../../src/room/store.js';
import { viewTurn } from '../../src/room/view.js';
import { nameAt, type PureRoom, playing } from './pure-room.js';
import { game, newHead, seat } from './rooms.js';

/** The turn of whoever has to act, as that seat is told. */
const turn = (made: PureRoom): Seq => {
  const told = viewTurn(game, made.state, made.turn).turn;
  if (told === undefined) throw new Error('no turn is told');
  return told;
};

test('the turn that a seat is told is the entry with which it began', () => {
  const made = playing();
  expect(turn(made)).toBe(made.seq);
  made.command(nameAt(made.turn), made.move);
  expect(turn(made)).toBe(made.seq);
});

test('a move is taken in the turn that it names, and refused in every later one', () => {
  const made = playing();
  const begun = turn(made);
  const acting = made.turn;
  expect(made.command(nameAt(acting), made.move, undefined, begun).answers[0]).toMatch(/^ack/);
  // Trump is named: the hakem is on turn again.
  expect(made.turn).toBe(acting);
  expect(made.command(nameAt(acting), made.move, undefined, begun).answers).toEqual([
    `refuse ${nameAt(acting)} TURN_OVER`,
  ]);
  expect(made.events).toEqual([]);
  expect(made.command(nameAt(acting), made.move, undefined, turn(made)).answers[0]).toMatch(/^ack/);
});

test('a command that is sent again gets its answer, though its turn is over', () => {
  const made = playing();
  const [name, move, begun] = [nameAt(made.turn), made.move, turn(made)];
  const id = made.newId(name);
  const first = made.command(name, move, id, begun).answers;
  expect(made.command(name, move, id, begun).answers).toEqual(first);
});

test('a move that was given in time and comes when the time is over is refused', () => {
  const made = playing();
  const [acting, move, begun] = [made.turn, made.move, turn(made)];
  made.next();
  expect(made.types).toContain('turn_timed_out');
  while (made.turn !== acting) made.next();
  expect(made.command(nameAt(acting), move, undefined, begun).answers).toEqual([`refuse ${nameAt(acting)} TURN_OVER`]);
});

test('who comes and goes, a bot that takes over, and time given back end no turn', () => {
  const made = playing(4, { hold_ms: 1_000 });
  const begun = turn(made);
  const [acting, other] = [made.turn, ((made.turn + 1) % 4) as Seat];
  made.gone(other).join(nameAt(other));
  made.wait(2_000).give({ type: 'thaw', forMs: 2_000 });
  expect(made.types).toEqual(['clock_moved']);
  expect(turn(made)).toBe(begun);
  made.gone(acting).next();
  expect(made.types).toContain('bot_substituted');
  made.join(nameAt(acting));
  expect(made.types).toEqual(['player_returned']);
  expect(turn(made)).toBe(begun);
  expect(made.command(nameAt(acting), made.move, undefined, begun).answers[0]).toMatch(/^ack/);
});

test('a command of the room belongs to no turn', () => {
  const made = playing();
  const begun = turn(made);
  expect(made.command('Ana', { type: 'kick', seat: 1 }, undefined, begun).answers).toEqual(['refuse Ana BAD_FRAME']);
});

test('a move for a turn of a match that is over is refused as that', () => {
  const made = playing(4, {}, { target_points: 1 });
  const [name, move, begun] = [nameAt(made.turn), made.move, turn(made)];
  made.playOut();
  expect(made.command(name, move, undefined, begun).answers).toEqual([`refuse ${name} TURN_OVER`]);
  expect(made.command(name, move).answers).toEqual([`refuse ${name} NO_MATCH`]);
});

test('a snapshot keeps the turns; without them none is told, and a move that names one is refused', () => {
  const made = playing();
  const { turns: _, ...old } = toSnapshot(
    made.log.at(-1) ?? { seq: 0 as Seq, digest: '' as never },
    made.state,
    new CommandWindows(),
  );
  const kept = toSnapshot(made.log.at(-1) ?? { seq: 0 as Seq, digest: '' as never }, made.state, new CommandWindows());
  expect(turnOf(game, loadHandedOver(game, JSON.parse(JSON.stringify(kept))).state, made.turn)).toBe(turn(made));
  expect(kept.state).not.toHaveProperty('turns');
  const begun = turn(made);
  made.state = loadHandedOver(game, JSON.parse(JSON.stringify(old))).state;
  expect(viewTurn(game, made.state, made.turn)).toEqual({ deadline: made.state.deadline, legal: expect.anything() });
  expect(made.command(nameAt(made.turn), made.move, undefined, begun).answers[0]).toMatch(/TURN_OVER$/);
  expect(made.command(nameAt(made.turn), made.move).answers[0]).toMatch(/^ack/);
});

test('where several seats act at once, the turn of one outlasts the move of another', () => {
  /** All act until each has; then all again. */
  const together = {
    setup: () => [] as number[],
    evolve: (acted: number[], { by }: { by: number }) => (acted.length === 1 ? [] : [...acted, by]),
    turn: (acted: number[]) => ({ waitsFor: 'seats', seats: [0, 1].filter((at) => !acted.includes(at)) }),
    result: () => null,
    handOn: () => false,
  } as unknown as Game;
  const head = newHead('T0GETHER');
  const after = (state: RoomState, seq: number, ...events: Entry['events']) =>
    evolve(together, head, state, { v: 1, epoch: 1 as never, at: 0, salt: '', events }, seq as Seq);
  const acted = (by: number) => ({ type: 'acted', by });
  const turnsOf = (state: RoomState) => [0, 1].map((at) => turnOf(together, state, seat(at)));
  let state = after(emptyRoom(2), 5, { type: 'match_started', match: 1 });
  expect(turnsOf(state)).toEqual([5, 5]);
  state = after(state, 6, acted(0));
  expect(turnsOf(state)).toEqual([undefined, 5]);
  state = after(state, 7, acted(1));
  expect(turnsOf(state)).toEqual([7, 7]);
});
