// Holds I4 of src/README.md.
/** Who comes to a seat while a hand is on sees none of its cards: one person would otherwise see all hands, seat by seat. */
import { expect, test } from '@jest/globals';
import type { View } from '../../src/game/hokm/view.js';
import type { RoomView } from '../../src/protocol/client-out.js';
import type { Seq } from '../../src/protocol/ids.js';
import { History } from '../../src/room/history.js';
import { loadHandedOver } from '../../src/room/load.js';
import type { Mailbox } from '../../src/room/mailbox.js';
import { waitsForHand } from '../../src/room/state.js';
import type { StoredSnapshot } from '../../src/room/store.js';
import { game, openRoom, Player, seat } from './rooms.js';
import { START_MATCH, Stage } from './stage.js';

const LEAVE = { type: 'leave' };

/** Ana plays with three bots; a hand is on in which all cards are dealt. */
async function withBots(): Promise<{ stage: Stage; ana: Player }> {
  const stage = await Stage.open({ turn_ms: 600_000 });
  const [ana] = await stage.players('Ana');
  ana.command(START_MATCH);
  await stage.clock.advance(100);
  await until(stage, () => phase(stage.mailbox) === 'play', ana);
  return { stage, ana };
}

const table = (mailbox: Mailbox) => (mailbox.view('spectator').table as View).table;
const phase = (mailbox: Mailbox) => table(mailbox).phase;

/** Bots move, and `player` as a bot would. */
async function until(stage: Stage, condition: () => boolean, player: Player): Promise<void> {
  for (let moves = 0; !condition(); moves++) {
    if (moves > 2_000) throw new Error('waited in vain');
    const at = player.welcome?.seat ?? null;
    if (at !== null && phase(stage.mailbox) !== 'over' && table(stage.mailbox).turn === at) {
      player.command(game.bot(stage.mailbox.view(at).table) as { type: string });
    }
    await stage.clock.advance(100);
  }
}

/** What a player who folds nothing has last been shown whole. */
const shownWhole = (player: Player): RoomView | undefined =>
  player.frames
    .flatMap((frame) => ((frame.type === 'welcome' || frame.type === 'snapshot') && frame.view ? [frame.view] : []))
    .at(-1);
const cardsShown = (player: Player) => (shownWhole(player)?.table as View | undefined)?.hand.length;
const waiting = (player: Player) => player.frames.some((frame) => 'legal' in frame && frame.legal !== undefined);

test('who takes a seat of a bot while a hand is on sees its cards from the next hand on', async () => {
  const { stage, ana } = await withBots();
  const [eve] = await stage.players('Eve');
  expect(eve.welcome).toMatchObject({
    seat: 1,
    view: { seat: 1, seats: [{}, { name: 'Eve', bot: false, waits: true }, {}, {}] },
  });
  expect(cardsShown(eve)).toBe(0);
  expect(ana.of('event').at(-1)?.events).toEqual([{ type: 'seat_taken', seat: 1, name: 'Eve', bot: false }]);

  const { hand } = table(stage.mailbox);
  await until(stage, () => table(stage.mailbox).hand > hand && phase(stage.mailbox) === 'play', ana);
  expect(eve.of('snapshot')).toHaveLength(1);
  const view = stage.mailbox.view(seat(1));
  expect(view.seats[1]).toEqual({ name: 'Eve', bot: false, substituted: false });
  expect((view.table as View).hand.length).toBeGreaterThan(11);
  expect(waiting(eve) || table(stage.mailbox).turn !== 1).toBe(true);
});

test('nobody goes from seat to seat and sees one hand after the other', async () => {
  const { stage } = await withBots();
  for (const at of [1, 2, 3, 1]) {
    const eve = new Player(() => stage.mailbox, 'Eve');
    eve.hello({ seat: seat(at) });
    await stage.clock.advance(0);
    const before = eve.frames.length;
    expect([eve.welcome?.seat, cardsShown(eve)]).toEqual([at, 0]);
    eve.command(LEAVE);
    await stage.clock.advance(0);
    expect(eve.closed).toBe('SEAT_LEFT');
    expect(JSON.stringify(eve.frames.slice(before))).not.toMatch(/"legal"|"hand"/);
  }
});

test('leaving ends the right to the cards, also for whoever takes the same seat with the same token again', async () => {
  const { stage, ana } = await withBots();
  expect((stage.mailbox.view(seat(0)).table as View).hand.length).toBeGreaterThan(0);
  const { token } = ana;
  ana.command(LEAVE);
  await stage.clock.advance(0);
  const again = new Player(() => stage.mailbox, 'Ana');
  again.hello({ seat: seat(0) }, token);
  await stage.clock.advance(0);
  expect(again.welcome).toMatchObject({ seat: 0, token });
  expect(cardsShown(again)).toBe(0);
});

test('who held the seat at the deal sees its cards again after a lost connection and after a change of owner', async () => {
  const { stage, ana } = await withBots();
  stage.mailbox.detach(ana);
  await stage.clock.advance(60_000);
  ana.hello();
  await stage.clock.advance(0);
  expect(cardsShown(ana)).toBeGreaterThan(0);

  const [eve] = await stage.players('Eve');
  stage.opened = await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
  await stage.clock.advance(0);
  const [back, newcomer] = [new Player(() => stage.mailbox, 'Ana'), new Player(() => stage.mailbox, 'Eve')];
  back.token = ana.token;
  newcomer.token = eve.token;
  back.hello();
  newcomer.hello();
  await stage.clock.advance(0);
  expect(cardsShown(back)).toBeGreaterThan(0);
  expect([newcomer.welcome?.seat, cardsShown(newcomer)]).toEqual([1, 0]);
});

test('who comes back to what was missed is told it as a spectator of the hand, and anew when it has ended', async () => {
  const { stage, ana } = await withBots();
  const [eve] = await stage.players('Eve');
  const cursor = () => ({
    epoch: eve.welcome?.epoch as never,
    seq: eve.welcome?.seq as Seq,
    digest: eve.welcome?.digest as never,
  });
  const start = cursor();
  stage.mailbox.detach(eve);
  const { hand, played } = table(stage.mailbox);
  await until(stage, () => table(stage.mailbox).played.length > played.length + 2, ana);
  eve.hello({ resume: start });
  await stage.clock.advance(0);
  expect(eve.welcome).toMatchObject({ resumed: true });
  expect(eve.welcome).not.toHaveProperty('legal');
  stage.mailbox.detach(eve);
  await until(stage, () => table(stage.mailbox).hand > hand && phase(stage.mailbox) === 'play', ana);
  eve.hello({ resume: start });
  await stage.clock.advance(0);
  expect(eve.welcome).toMatchObject({ resumed: false });
  expect(cardsShown(eve)).toBeGreaterThan(0);
});

test('a move of whoever waits is refused, and a bot moves for the seat at a bot’s pace', async () => {
  const { stage, ana } = await withBots();
  const [eve] = await stage.players('Eve');
  await until(stage, () => table(stage.mailbox).turn === 1, ana);
  const id = eve.command({ type: 'play', card: 'AS' });
  await stage.clock.advance(0);
  expect(eve.answer(id)).toBe('NEXT_HAND');
  await stage.clock.advance(500);
  expect(table(stage.mailbox).turn).not.toBe(1);
  expect(eve.of('event').flatMap(({ events }) => events.map(({ type }) => type))).not.toContain('turn_timed_out');
});

test('a snapshot keeps who was dealt the hand; with one of older software those who sit there were', async () => {
  const { stage } = await withBots();
  await stage.players('Eve');
  const kept = await stage.kept();
  const waits = (snapshot: StoredSnapshot) =>
    [0, 1].map((at) =>
      waitsForHand(loadHandedOver(game, snapshot, new History(kept).tailSince(kept.seq, 0)).state, seat(at)),
    );
  expect(waits(kept)).toEqual([false, true]);
  const { deal: _, ...old } = kept;
  expect(waits(old)).toEqual([false, false]);
});
