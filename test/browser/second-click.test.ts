/** One deliberate act plays one card: what was begun before a turn does not count in it. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { playing, seat } from '../game/positions.js';
import { until } from '../support/programs.js';
import { cardsInHand, playable } from './at-table.js';
import { DESKTOP, launchBrowser, openPage, type TestPage } from './browser.js';
import { type PageCluster, startPageCluster } from './page-cluster.js';
import { type Sent, stagedPath, stageTurns } from './staged-table.js';

let cluster: PageCluster;
let browser: Browser;
const open: TestPage[] = [];

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startPageCluster(1), launchBrowser()]);
});
afterEach(async () => {
  for (const { close } of open.splice(0)) await close();
});
afterAll(async () => {
  await browser.close();
  await cluster.stop();
});

/** Wins every trick and leads the next. */
const start = playing(
  ['AS KS QS JS TS 9S', '2H 3H 4H 5H 6H 7H', '2D 3D 4D 5D 6D 7D', '2C 3C 4C 5C 6C 7C'],
  'S',
  {},
  seat(0),
);

async function onTurn(): Promise<{ page: Page; sent: readonly Sent[] }> {
  const visitor = await openPage(browser, 'about:blank', DESKTOP, { name: 'Sara' });
  open.push(visitor);
  const { page } = visitor;
  const sent = await stageTurns(page, start, seat(0));
  await page.goto(`${cluster.origin}${stagedPath}`);
  await playable(page).first().waitFor();
  return { page, sent };
}

const left = (page: Page, count: number) =>
  until(`${count} cards are left`, async () => (await cardsInHand(page)) === count);
const turnsOf = (sent: readonly Sent[]) => sent.map((given) => given.for);

test('the second click of two plays no second card, whatever lies there by then', async () => {
  const { page, sent } = await onTurn();
  const box = await playable(page).nth(2).boundingBox();
  await page.mouse.move((box?.x ?? 0) + 12, (box?.y ?? 0) + 16);
  await page.mouse.down({ clickCount: 1 });
  await page.mouse.up({ clickCount: 1 });
  await left(page, 5);
  await page.mouse.down({ clickCount: 2 });
  await page.mouse.up({ clickCount: 2 });
  // A click of its own is taken, and is the second.
  await playable(page)
    .first()
    .click({ position: { x: 12, y: 16 }, force: true });
  await left(page, 4);
  expect(turnsOf(sent)).toEqual([1, 2]);
});

test('a key that is held plays one card', async () => {
  const { page, sent } = await onTurn();
  await playable(page).first().focus();
  await page.keyboard.down('Enter');
  await left(page, 5);
  for (let repeats = 0; repeats < 5; repeats++) await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await page.keyboard.press('Enter');
  await left(page, 4);
  expect(turnsOf(sent)).toEqual([1, 2]);
});

/** A page that has sat down in a new room's lobby. */
async function inLobby(): Promise<{ page: Page; logged: (type: string) => Promise<number> }> {
  const room = await cluster.createRoom();
  const visitor = await openPage(browser, `${cluster.origin}/?room_code=${room}`, DESKTOP, { name: 'Sara' });
  open.push(visitor);
  const { page } = visitor;
  await page.getByRole('button', { name: 'Sit down' }).click();
  await page.locator('.lobby').waitFor();
  const logged = async (type: string) => {
    const answer = await fetch(`${cluster.origin}/api/room/events?room_code=${room}`);
    const { entries } = (await answer.json()) as { entries: { events: { type: string }[] }[] };
    return entries.flatMap(({ events }) => events).filter((event) => event.type === type).length;
  };
  return { page, logged };
}

test('two clicks take one seat, though others lie under the pointer once it is taken', async () => {
  const { page, logged } = await inLobby();
  const box = await page.locator('[data-place="right"] .button').first().boundingBox();
  const { x, y, width, height } = box ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down({ clickCount: 1 });
  await page.mouse.up({ clickCount: 1 });
  await until('the seat is taken', async () => (await logged('seat_changed')) === 1);
  await page.locator('[data-place="bottom"] .seat-name').waitFor();
  await page.mouse.down({ clickCount: 2 });
  await page.mouse.up({ clickCount: 2 });
  // A click of its own counts, and comes after whatever the second of two has led to.
  await page.locator('.lobby-seat .button.plain').first().click();
  await until('a bot sits down', async () => (await logged('seat_taken')) === 2);
  expect(await logged('seat_changed')).toBe(1);
});

test('a key that is held puts one bot on a seat', async () => {
  const { page, logged } = await inLobby();
  await page.locator('.lobby-seat .button.plain').first().focus();
  await page.keyboard.down('Enter');
  for (let repeats = 0; repeats < 5; repeats++) await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await until('a bot sits down', async () => (await logged('seat_taken')) === 2);
  await page.getByRole('button', { name: 'Start, bots fill the rest' }).click();
  await page.locator('.board').waitFor();
  expect(await logged('seat_taken')).toBe(4);
});
