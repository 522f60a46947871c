/** Pages of a room's public log: an entry is made text once, and what is told is what the log says. */
import { expect, test } from '@jest/globals';
import { RecentLines } from '../../src/edge/public-pages.js';
import { RoomReads } from '../../src/edge/room-reads.js';
import type { Seq } from '../../src/protocol/ids.js';
import { History, START } from '../../src/room/history.js';
import type { LogEvent } from '../../src/room/state.js';
import { projectEntry } from '../../src/room/view.js';
import { entries, game, openRoom } from '../room/rooms.js';
import { START_MATCH, Stage } from '../room/stage.js';

const seq = (number: number) => number as Seq;
const EVENT: LogEvent[] = [{ type: 'swap_wished', from: 0 as never, to: null }];
const lines = (count: number) => entries(START, 1, ...Array.from({ length: count }, () => EVENT));

test('entries are made text once, those that are forgotten are let go, and none is missed', () => {
  const rendered: number[] = [];
  const recent = new RecentLines((entry) => {
    rendered.push(entry.seq);
    return { seq: entry.seq, text: entry.text };
  });
  const history = new History(START);
  const [made, told] = [lines(300), (after: number) => recent.after(seq(after)).map((line) => line.seq as number)];
  for (const line of made.slice(0, 100)) history.push(line);
  recent.follow(history);
  recent.follow(history);
  expect([told(0).length, told(97), told(100), told(400)]).toEqual([100, [98, 99, 100], [], []]);
  for (const line of made.slice(100, 200)) history.push(line);
  history.trim(seq(200), 50);
  recent.follow(history);
  const kept = Array.from({ length: 200 - history.start }, (_, at) => history.start + 1 + at);
  expect(kept.length).toBeLessThan(100);
  expect(rendered).toEqual([...made.slice(0, 100).map((line) => line.seq), ...kept]);
  expect([told(0), told(history.start)]).toEqual([kept, kept]);
  // More was written, and forgotten, than anybody has asked for.
  for (const line of made.slice(200)) history.push(line);
  history.trim(seq(300), 10);
  recent.follow(history);
  expect(told(0)[0]).toBe(history.start + 1);
  expect(told(299)).toEqual([300]);
  expect(new Set(rendered).size).toBe(rendered.length);
});

test('every page is what the log says, again and again, also of entries that the store alone has', async () => {
  const stage = await Stage.open({ turn_ms: 100 }, { logKeep: 60 });
  const asked: number[] = [];
  const store = {
    meta: stage.store.meta.bind(stage.store),
    read: (...args: Parameters<typeof stage.store.read>) => {
      asked.push(args[1]);
      return stage.store.read(...args);
    },
  };
  const reads = new RoomReads({ store, clock: stage.clock, lostLately: async () => false });
  const [ana] = await stage.players('Ana');
  ana.command(START_MATCH);
  let { mailbox } = stage;
  const looksRight = async () => {
    const log = (await stage.store.log(stage.code)).map(({ entry, seq }) => ({
      seq,
      at: entry.at,
      epoch: entry.epoch,
      events: projectEntry(game, stage.head, entry, 'spectator'),
    }));
    const end = log.at(-1)?.seq ?? 0;
    for (const after of [0, 1, 40, end - 30, end - 1, end, end + 5].map((at) => seq(Math.max(0, at)))) {
      const kept = log.filter((entry) => entry.seq > after).slice(0, 500);
      const [first, second] = [await reads.page(mailbox, after), await reads.page(mailbox, after)];
      const page = JSON.parse(first.text);
      expect(page).toMatchObject({ room: stage.code, seq: end });
      // The store may have let go of more than the owner's memory.
      expect(page.entries.slice(-kept.length)).toEqual(JSON.parse(JSON.stringify(kept)));
      expect(second.text).toBe(first.text);
    }
  };
  for (let times = 0; times < 4; times++) {
    await stage.clock.advance(10_000);
    await looksRight();
  }
  asked.length = 0;
  ({ mailbox } = await openRoom(stage.store, stage.clock, stage.head, 'instance-b', { logKeep: 60 }));
  await stage.clock.advance(1);
  await looksRight();
  expect(asked.length).toBeGreaterThan(0);
  expect(new Set(asked).size).toBe(asked.length);
});
