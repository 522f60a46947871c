/** What a refused id may get when it is sent again: the wire's page says that it must not be. */
import { expect, test } from '@jest/globals';
import type { Seat } from '../../src/game/game.js';
import type { CommandId, Seq } from '../../src/protocol/ids.js';
import { CommandWindows } from '../../src/room/commands.js';
import { openRoom, Player } from './rooms.js';
import { START_MATCH, Stage } from './stage.js';

/** A running match; who has to act, and who not. */
async function match(stage: Stage): Promise<{ acting: Player; waiting: Player }> {
  const [ana, bo, cy, di] = await stage.players('Ana', 'Bo', 'Cy', 'Di');
  ana.command(START_MATCH);
  await stage.clock.advance(100);
  const players = [ana, bo, cy, di];
  const acting = players.find((player) => player.frames.at(-1) && legalOf(player) !== undefined);
  const waiting = players.find((player) => player !== acting);
  if (!acting || !waiting) throw new Error('nobody is on turn');
  return { acting, waiting };
}

const legalOf = (player: Player) => player.of('event').at(-1)?.legal;
const turnOf = (player: Player) => player.of('event').at(-1)?.turn as Seq;

test('the same owner repeats a refusal', async () => {
  const stage = await Stage.open();
  const { waiting } = await match(stage);
  const id = waiting.command({ type: 'play', card: 'AS' });
  waiting.command({ type: 'play', card: 'AS' }, id);
  await stage.clock.advance(100);
  expect(waiting.answers(id)).toEqual(['NOT_YOUR_TURN', 'NOT_YOUR_TURN']);
});

test('after the loss of its owner a refused move that names its turn is run in that turn or never', async () => {
  const stage = await Stage.open();
  const { acting } = await match(stage);
  const [legal] = legalOf(acting) ?? [];
  const begun = turnOf(acting);
  const give = (id: CommandId, from: Player, mailbox = stage.mailbox) =>
    mailbox.post({ type: 'command', from, holder: acting.holder, id, command: legal as { type: string }, turn: begun });
  // Meant for another turn, and so refused.
  const refused = '50-refused' as CommandId;
  stage.mailbox.post({
    type: 'command',
    from: acting,
    holder: acting.holder,
    id: refused,
    command: legal as { type: string },
    turn: 1 as Seq,
  });
  await stage.clock.advance(100);
  expect(acting.answer(refused)).toBe('TURN_OVER');
  give('51-taken' as CommandId, acting);
  await stage.clock.advance(100);
  expect(acting.answer('51-taken' as CommandId)).toEqual(expect.any(Number));

  const next = await openRoom(stage.store, stage.clock, stage.head, 'instance-b');
  const again = new Player(() => next.mailbox, 'Ana again');
  give(refused, again, next.mailbox);
  give('51-taken' as CommandId, again, next.mailbox);
  await stage.clock.advance(100);
  expect([again.answers(refused), again.answers('51-taken' as CommandId)]).toEqual([
    ['TURN_OVER'],
    acting.answers('51-taken' as CommandId),
  ]);
});

test('what is kept of a refusal is its code, never the words of the sender, who hears them', async () => {
  const stage = await Stage.open();
  const { waiting } = await match(stage);
  const words = 'w'.repeat(300);
  const ids = [
    { type: 'kick', seat: 0, [words]: 1 },
    { type: 'play', card: words },
    { type: 'leave', [words]: 1 },
    { type: words.slice(0, 32) },
  ].map((command) => waiting.command(command));
  await stage.clock.advance(100);
  expect(ids.map((id) => waiting.answer(id))).toEqual(ids.map(() => 'BAD_FRAME'));
  expect(JSON.stringify(waiting.of('error'))).toContain(words);
  const kept = await stage.kept();
  expect(ids.map((id) => new CommandWindows(kept.windows).lookup(waiting.welcome?.seat as Seat, id))).toEqual(
    ids.map(() => ({ refused: 'BAD_FRAME' })),
  );
  stage.mailbox.unseal();
  // Older software has kept what was answered.
  const [window] = kept.windows;
  if (!window) throw new Error('nothing is kept');
  const older = { ...window, outcomes: [{ refused: 'BAD_FRAME', detail: words }], ids: ['1-x' as CommandId] };
  expect(JSON.stringify(new CommandWindows([older]).stored())).not.toContain(words);
});
