/** People at a table in real browsers, through HAProxy: from the first page to the next match. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { until } from '../support/programs.js';
import { act, playable, playHand, result, trumps } from './at-table.js';
import { DESKTOP, launchBrowser, openPage, PHONE, picture, type TestPage } from './browser.js';
import { type PageCluster, startPageCluster } from './page-cluster.js';

let cluster: PageCluster;
let browser: Browser;
const open: TestPage[] = [];

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startPageCluster(2), launchBrowser()]);
});
afterEach(async () => {
  for (const { close } of open.splice(0)) await close();
});
afterAll(async () => {
  await browser.close();
  await cluster.stop();
});

const visit: (
  ...args: Parameters<typeof openPage> extends [unknown, string, ...infer Rest] ? [string, ...Rest] : never
) => Promise<TestPage> = async (path, ...rest) => {
  const visitor = await openPage(browser, cluster.origin + path, ...rest);
  open.push(visitor);
  return visitor;
};
const noErrors = () => expect(open.flatMap(({ wrong }) => wrong)).toEqual([]);

test('from the start page to a played card against three bots in at most four clicks', async () => {
  const { page } = await visit('/', PHONE);
  await page.getByRole('button', { name: /Play against bots/ }).waitFor();
  await picture(page, 'home-phone');
  let clicks = 0;
  await page.getByRole('button', { name: /Play against bots/ }).click();
  clicks += 1;
  await until('it is our turn', async () => (await playable(page).count()) + (await trumps(page).count()) > 0);
  if ((await trumps(page).count()) > 0) {
    await trumps(page).first().click();
    clicks += 1;
    await playable(page).first().waitFor();
  }
  const card = await playable(page).first().getAttribute('data-card');
  await playable(page)
    .first()
    .click({ position: { x: 12, y: 16 } });
  clicks += 1;
  await page.locator(`.trick-card[data-card="${card}"]`).waitFor();
  await picture(page, 'mid-trick');
  expect(clicks).toBeLessThanOrEqual(4);
  noErrors();
});

test('four people play a hand by clicks, one of them in Persian, one watches; then another match', async () => {
  const host = await visit('/', DESKTOP, { name: 'Sara' });
  await host.page.getByRole('button', { name: /New table/ }).click();
  const less = host.page.getByRole('button', { name: 'Less' });
  for (let points = 7; points > 1; points--) await less.click();
  await host.page.getByLabel('Everybody (in the list)').check();
  await picture(host.page, 'new-table');
  await host.page.getByRole('button', { name: 'Make the table' }).click();
  await host.page.locator('.lobby').waitFor();
  const room = new URL(host.page.url()).searchParams.get('room_code') ?? '';

  const byLink = await visit(`/?room_code=${room}`, PHONE, { name: 'Sara' });
  await byLink.page.getByText('At the table: ').waitFor();
  await byLink.page.getByRole('button', { name: 'Sit down' }).click();
  const persian = await visit('/', PHONE, { name: 'علي', language: 'fa' });
  await persian.page.locator('.open-table .button').first().click();
  const typed = await visit('/', PHONE);
  await typed.page.getByLabel('Your name').fill('<img src=x onerror=alert(1)>');
  await typed.page.getByLabel('Table code').fill(`${room.slice(0, 4).toLowerCase()}-${room.slice(4)}`);
  await typed.page.getByRole('button', { name: 'Join', exact: true }).click();
  await typed.page.getByRole('button', { name: 'Sit down' }).click();
  const watcher = await visit(`/?room_code=${room}&watch`, DESKTOP);

  const start = host.page.getByRole('button', { name: 'Start the match' });
  await start.waitFor();
  await until(
    'everybody sits',
    async () => (await watcher.page.locator('.lobby-seat[data-empty="false"]').count()) === 4,
  );
  await picture(host.page, 'lobby');
  // A second Sara is told apart, and what looks like markup is text.
  const names = await host.page.locator('.lobby-seat .seat-name').allTextContents();
  expect(names).toEqual(expect.arrayContaining(['Sara', 'Sara (2)', 'علی', '<img src=x onerror=a']));
  expect(await host.page.locator('img').count()).toBe(0);
  await start.click();

  const players = [host, byLink, persian, typed].map(({ page }) => page);
  await Promise.all(players.map((page) => page.locator('.board').waitFor()));
  await persian.page.getByRole('button', { name: 'چیزی بگویید' }).click();
  await persian.page.getByRole('button', { name: 'آفرین' }).click();
  await host.page.locator('.bubble').getByText('Well played', { exact: true }).waitFor();

  const shot = watcher.page
    .locator('.trick-card')
    .nth(2)
    .waitFor()
    .then(() => picture(watcher.page, 'spectator'));
  await playHand(players);
  await shot;
  expect(await watcher.page.locator('.hand').count()).toBe(0);
  await picture(persian.page, 'match-over-persian-phone');
  await picture(host.page, 'match-over-desktop');
  // Side and score are those of the viewer: two have won and two have not.
  const heads = await Promise.all([host, byLink, typed].map(({ page }) => result(page).locator('h2').textContent()));
  expect(heads.filter((head) => head === 'You won the match!').length).toBeGreaterThan(0);
  expect(await persian.page.locator('html').getAttribute('dir')).toBe('rtl');
  expect(await persian.page.locator('.score-words strong').allTextContents()).toEqual(
    expect.arrayContaining([expect.stringMatching(/^[۰-۹]+$/)]),
  );

  await host.page.getByRole('button', { name: 'Last trick' }).click();
  await host.page.locator('.last-trick .trick-card').last().waitFor();
  expect(await host.page.locator('.last-trick .trick-card[data-won="true"]').count()).toBe(1);
  // Each card says who played it.
  expect((await host.page.locator('.last-trick .trick-name').allTextContents()).toSorted()).toEqual(
    ['You', 'Sara (2)', 'علی', '<img src=x onerror=a'].toSorted(),
  );
  await picture(host.page, 'last-trick');
  await host.page.keyboard.press('Escape');
  // The proof, by the page's own cryptography and the public log.
  await host.page.getByRole('button', { name: 'Menu' }).click();
  await host.page.getByRole('button', { name: 'Is the deal fair?' }).click();
  await host.page.getByRole('button', { name: 'Check the last hand' }).click();
  await host.page.getByText('The deal was fair.').waitFor();
  expect(await host.page.locator('.proof li[data-fits="true"]').count()).toBe(3);
  await picture(host.page, 'fairness');
  await host.page.keyboard.press('Escape');
  await host.page.getByRole('button', { name: 'Play again' }).click();
  await until('the next match is on', async () => {
    const turns = await Promise.all(players.map((page) => trumps(page).count()));
    return turns.some((count) => count > 0);
  });
  noErrors();
}, 180_000);

test('places are anticlockwise in every language', async () => {
  const room = await cluster.createRoom();
  const places = async (language: 'en' | 'fa') => {
    const { page } = await visit(`/?room_code=${room}&watch`, PHONE, { language });
    await page.locator('.lobby-seat').nth(3).waitFor();
    const boxes = await Promise.all([0, 1, 2, 3].map((seat) => page.locator(`[data-seat="${seat}"]`).boundingBox()));
    return boxes.map((box) => Math.round(box?.x ?? 0));
  };
  const english = await places('en');
  expect(await places('fa')).toEqual(english);
  const [bottom = 0, right = 0, top = 0, left = 0] = english;
  expect(right).toBeGreaterThan(bottom);
  expect(left).toBeLessThan(top);
});

test('quick match brings strangers together; who is muted is not heard', async () => {
  const first = await visit('/', PHONE, { name: 'Neda' });
  await first.page.getByRole('button', { name: /Quick match/ }).click();
  await first.page.locator('.lobby').waitFor();
  const second = await visit('/', PHONE, { name: 'Omid' });
  await second.page.getByRole('button', { name: /Quick match/ }).click();
  await second.page.locator('.lobby').waitFor();
  expect(second.page.url()).toBe(first.page.url());
  await first.page.getByRole('button', { name: 'Start, bots fill the rest' }).click();
  await Promise.all([first, second].map(({ page }) => page.locator('.board').waitFor()));
  const say = async (words: string) => {
    await first.page.getByRole('button', { name: 'Say something' }).click();
    await first.page.getByRole('button', { name: words }).click();
  };
  await say('Hello!');
  await second.page.locator('.bubble').getByText('Hello!', { exact: true }).waitFor();
  await second.page.getByRole('button', { name: /^Neda/ }).click();
  await second.page.getByRole('button', { name: /^Mute/ }).click();
  await second.page.keyboard.press('Escape');
  await second.page.getByRole('button', { name: /^Neda, .*Muted/ }).waitFor();
  await say('Thanks');
  await first.page.locator('.bubble').getByText('Thanks', { exact: true }).waitFor();
  expect(await second.page.locator('.bubble').getByText('Thanks', { exact: true }).count()).toBe(0);
  await first.page.close();
  await second.page.getByRole('button', { name: /^Neda, .*Away/ }).waitFor();
  noErrors();
});

test('two who both wish it change places; what they write is cleaned text; who is left alone may take the match', async () => {
  const room = await cluster.createRoom();
  const sit = async (name: string, likes: object = {}) => {
    const visitor = await visit(`/?room_code=${room}`, PHONE, { name, ...likes });
    await visitor.page.locator('.join-screen .button.primary').click();
    await visitor.page.locator('.lobby-seat .seat-name').getByText(name, { exact: true }).waitFor();
    return visitor.page;
  };
  const sara = await sit('Sara');
  const ali = await sit('علی', { language: 'fa' });
  const neda = await sit('Neda');
  await sara.getByRole('button', { name: /^Ask .*علی.* to swap seats/ }).click();
  await sara.getByText('Asked · undo').waitFor();
  await ali.getByText('جابه‌جا شویم').waitFor();
  await picture(ali, 'swap-asked-persian');
  await ali.getByText('جابه‌جا شویم').click();
  const seatsOf = (page: typeof sara) =>
    Promise.all([0, 1, 2].map((seat) => page.locator(`[data-seat="${seat}"] .seat-name`).textContent()));
  await until('they have changed places', async () => (await seatsOf(neda)).join() === 'علی,Sara,Neda');
  for (const page of [sara, ali]) expect(await seatsOf(page)).toEqual(['علی', 'Sara', 'Neda']);

  // The host is still Sara; علی is the partner of Neda now.
  await sara.getByRole('button', { name: 'Start, bots fill the rest' }).click();
  await Promise.all([sara, ali, neda].map((page) => page.locator('.board').waitFor()));
  const write = async (words: string) => {
    await neda.getByRole('button', { name: 'Say something' }).click();
    await neda.getByLabel('In your own words').fill(words);
    await neda.keyboard.press('Enter');
    await neda.locator('dialog').waitFor({ state: 'detached' });
  };
  await write('سلام <b onclick=alert(1)>به همه</b>');
  await ali.locator('.bubble').getByText('سلام <b onclick=alert(1)>به همه</b>', { exact: true }).waitFor();
  expect(await ali.locator('.bubble b').count()).toBe(0);
  await picture(ali, 'own-words-persian');
  await sara.getByRole('button', { name: 'Say something' }).click();
  await sara.locator('.heard').getByText('به همه').waitFor();
  await sara.keyboard.press('Escape');

  expect(await sara.getByText('Your opponents have left').count()).toBe(0);
  for (const [page, menu, leave] of [
    [ali, 'منو', 'ترک میز'],
    [neda, 'Menu', 'Leave the table'],
  ] as const) {
    await page.getByRole('button', { name: menu }).click();
    await page.getByRole('button', { name: leave }).click();
    await page.getByRole('button', { name: leave }).click();
    await page.locator('.closed').waitFor();
  }
  // A hakem is asked for trump first.
  await until('the match is offered', async () => {
    if ((await trumps(sara).count()) > 0) await act(sara);
    return (await sara.getByText('Your opponents have left').count()) > 0;
  });
  await picture(sara, 'forfeit-offered');
  await sara.getByRole('button', { name: 'Play on' }).click();
  await sara.getByRole('button', { name: 'Menu' }).click();
  await sara.getByRole('button', { name: 'Take the win' }).click();
  await sara.getByText('You won the match!').waitFor();
  await sara.getByText('The other side had left the match.').waitFor();
  await sara.getByRole('button', { name: 'Play again' }).waitFor();
  noErrors();
}, 180_000);

test('leaving names its consequence, and a bot plays on', async () => {
  const room = await cluster.createRoom();
  const { page } = await visit(`/?room_code=${room}`, PHONE, { name: 'Sara' });
  await page.getByRole('button', { name: 'Sit down' }).click();
  await page.getByRole('button', { name: 'Start, bots fill the rest' }).click();
  await page.locator('.board').waitFor();
  const watcher = await visit(`/?room_code=${room}&watch`, PHONE);
  await watcher.page.locator('.board').waitFor();
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByRole('button', { name: 'Leave the table' }).click();
  await page.getByText('A bot plays your seat on').waitFor();
  await page.getByRole('button', { name: 'Leave the table' }).click();
  await page.getByText('You have left the table.').waitFor();
  await until('four bots play', async () => (await watcher.page.locator('.seat-face .icon').count()) === 4);
  noErrors();
});
