/** A page that is not alone with its DOM and its clock: browsers translate it, and people set the clock. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { playing, seat } from '../game/positions.js';
import { until } from '../support/programs.js';
import { cardsInHand, myTurn, playable, playOne } from './at-table.js';
import { DESKTOP, inPage, launchBrowser, openPage, PHONE, type TestPage } from './browser.js';
import { type PageCluster, startPageCluster } from './page-cluster.js';
import { stagedPath, stageTurns } from './staged-table.js';

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

/**
 * What translators do: an element of their own takes the place of every text node, now and whenever something is added or
 * changed. `translated` stands before the words, so that they can be told from the page's. `honours`: `translate="no"` counts.
 */
const translator = (honours: boolean) => `
  const MARK = '¿';
  const skips = (node) => {
    const parent = node.parentElement;
    return !parent || parent.closest('font, script, style, svg') || node.data.trim() === '' ||
      (${honours} && parent.closest('[translate="no"]'));
  };
  const translate = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = root.nodeType === Node.TEXT_NODE ? [root] : [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) found.push(node);
    for (const node of found) {
      if (skips(node)) continue;
      const [outer, inner] = [document.createElement('font'), document.createElement('font')];
      inner.textContent = MARK + node.data;
      outer.append(inner);
      node.replaceWith(outer);
    }
  };
  translate(document.body);
  new MutationObserver((records) => {
    for (const { target, addedNodes } of records) for (const node of [target, ...addedNodes]) translate(node);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  undefined`;

/** Wins every trick and leads the next. */
const start = playing(
  ['AS KS QS JS TS 9S', '2H 3H 4H 5H 6H 7H', '2D 3D 4D 5D 6D 7D', '2C 3C 4C 5C 6C 7C'],
  'S',
  {},
  seat(0),
);

async function staged(): Promise<TestPage> {
  const visitor = await openPage(browser, 'about:blank', DESKTOP, { name: 'Sara' });
  open.push(visitor);
  await stageTurns(visitor.page, start, seat(0));
  await visitor.page.goto(`${cluster.origin}${stagedPath}`);
  await playable(visitor.page).first().waitFor();
  return visitor;
}

/** Everything that the page says, without the translator's marks. */
const words = (page: Page) =>
  inPage<string>(page, `document.body.innerText.replaceAll('¿', '').replace(/\\s+/g, ' ').trim()`);

test.each([
  ['that leaves alone what asks for it', true],
  ['that translates everything', false],
])('a page in the hands of a translator %s tells every turn as one that is not translated', async (_, honours) => {
  const [plain, translated] = await Promise.all([staged(), staged()]);
  await inPage(translated.page, translator(honours));
  expect(await inPage(translated.page, `document.querySelectorAll('font').length`)).toBeGreaterThan(0);
  const same = () =>
    until('both pages say the same', async () => (await words(plain.page)) === (await words(translated.page)));
  await same();
  for (let left = 5; left >= 2; left--) {
    for (const { page } of [plain, translated]) {
      await playOne(page);
      await until(`${left} cards are left`, async () => (await cardsInHand(page)) === left);
      await until('it is the turn again', async () => (await playable(page).count()) > 0);
    }
    await same();
    expect(await words(translated.page)).toContain('Your turn');
  }
  for (const { page } of [plain, translated]) await page.locator('.score-bar').click();
  await same();
  expect([plain.wrong, translated.wrong]).toEqual([[], []]);
});

/** Of the ring round the player on turn: how much of the time is over, ms. */
const passed = (page: Page) =>
  inPage<number>(page, `-parseFloat(document.querySelector('.ring-clock')?.style.animationDelay ?? 'NaN')`);

test('the ring shows the time that is left on a device whose clock is an hour wrong, and set by hours meanwhile', async () => {
  const room = await cluster.createRoom({ options: { target_points: 13 }, turn_ms: 60_000 });
  const visitor = await openPage(browser, 'about:blank', PHONE, { name: 'Sara' });
  open.push(visitor);
  const { page } = visitor;
  await page.addInitScript(`
    window.clockAheadMs = 3_600_000;
    const now = Date.now.bind(Date);
    Date.now = () => now() + clockAheadMs;`);
  await page.goto(`${cluster.origin}/?room_code=${room}`);
  await page.getByRole('button', { name: 'Sit down' }).click();
  await page.getByRole('button', { name: 'Start, bots fill the rest' }).click();
  await page.locator('.board').waitFor();
  for (const ahead of [3_600_000, 10_800_000, 0, 7_200_000]) {
    await inPage(page, `clockAheadMs = ${ahead}; undefined`);
    await myTurn(page);
    await until('the ring shows the time that is left', async () => {
      const ms = await passed(page);
      return ms >= 0 && ms < 15_000;
    });
    const before = await cardsInHand(page);
    await playOne(page);
    await until('the card is played', async () => (await cardsInHand(page)) !== before);
  }
  expect(visitor.wrong).toEqual([]);
});
