/** For every eye, ear and hand: keys alone, names for screen readers, targets for thumbs, reasons in words. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import type { Seat } from '../../src/game/game.js';
import { sideOf } from '../../src/game/hokm/seats.js';
import { until } from '../support/programs.js';
import { myTurn, playable, result, trumps } from './at-table.js';
import { DESKTOP, inPage, type Likes, launchBrowser, openPage, PHONE, picture, type TestPage } from './browser.js';
import { type PageCluster, startPageCluster } from './page-cluster.js';
import { firstFive, handWith, stage, stagedPath } from './staged-table.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let cluster: PageCluster;
let browser: Browser;
const open: TestPage[] = [];

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startPageCluster(1, { HOKM_BOT_DELAY_MS: '1' }), launchBrowser()]);
});
afterEach(async () => {
  expect(open.flatMap(({ wrong }) => wrong)).toEqual([]);
  for (const { close } of open.splice(0)) await close();
});
afterAll(async () => {
  await browser.close();
  await cluster.stop();
});

async function visit(path: string, options?: BrowserContextOptions, likes?: Likes): Promise<Page> {
  const visitor = await openPage(browser, cluster.origin + path, options, likes);
  open.push(visitor);
  return visitor.page;
}

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe finds wrong, as one line each: all of it that is serious or worse, contrast included. */
async function findings(page: Page, where: string): Promise<string[]> {
  await inPage(page, `${axe}; undefined`);
  const found = await inPage<readonly Finding[]>(page, 'axe.run().then(({ violations }) => violations)');
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${where}: ${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
    );
}

/** Visible controls that are smaller than a thumb. */
const small = (page: Page): Promise<string[]> =>
  inPage<string[]>(
    page,
    `[...document.querySelectorAll('button, summary, input[type=text], label')].flatMap((control) => {
       const { width, height } = control.getBoundingClientRect();
       return width === 0 || (width >= 44 && height >= 44) || control.querySelector('input[type=text]') ? []
         : [control.outerHTML.slice(0, 80) + ' ' + Math.round(width) + 'x' + Math.round(height)];
     })`,
  );

/** Cards of which less than 44 by 44 pixels can be hit. */
const coveredCards = (page: Page): Promise<string[]> =>
  inPage<string[]>(
    page,
    `[...document.querySelectorAll('.hand-card')].flatMap((card) => {
       const { left, top, right, bottom } = card.getBoundingClientRect();
       const hits = (x, y) => document.elementFromPoint(x, y)?.closest('.hand-card') === card;
       for (let x = left; x + 44 <= right; x += 1) for (let y = top; y + 44 <= bottom; y += 4) {
         const points = [0, 1, 22, 43].flatMap((dx) => [0, 1, 22, 43].map((dy) => [x + dx, y + dy]));
         if (points.every(([px, py]) => hits(px, py))) return [];
       }
       return [card.dataset.card];
     })`,
  );

test.each(['dark', 'light'] as const)(
  'axe finds nothing serious, %s',
  async (theme) => {
    const found: string[] = [];
    const page = await visit('/', PHONE, { name: 'Sara', theme, fourColours: theme === 'light' });
    const look = async (where: string) => {
      found.push(...(await findings(page, where)));
      expect([where, await small(page)]).toEqual([where, []]);
    };
    const sheet = async (button: string | RegExp, where: string) => {
      await page.getByRole('button', { name: button }).first().click();
      await page.locator('dialog[open]').waitFor();
      await look(where);
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
    };
    await page.getByText('No open table').waitFor();
    await look('home');
    await sheet('New table', 'new table');
    await page.getByRole('button', { name: /New table/ }).click();
    await page.getByRole('button', { name: 'Make the table' }).click();
    await page.locator('.lobby').waitFor();
    await look('lobby');
    await page.getByRole('button', { name: 'QR code' }).click();
    await page.locator('.qr path[d^="M"]').waitFor();
    await picture(page, `lobby-phone-${theme}`);
    await page.getByRole('button', { name: 'Start, bots fill the rest' }).click();
    await until('our turn', async () => (await trumps(page).count()) + (await playable(page).count()) > 0);
    await look('trump or turn');
    await myTurn(page);
    await look('turn');
    await picture(page, `turn-${theme}`);
    for (const name of ['Menu', /\d points, \d tricks/, 'Last trick', 'Say something']) await sheet(name, String(name));
    expect(found).toEqual([]);
  },
  40_000,
);

test('thirteen cards can be hit on the narrowest phone', async () => {
  const room = await cluster.createRoom();
  const page = await visit(`/?room_code=${room}`, PHONE, { language: 'fa', name: 'سارا' });
  await page.getByRole('button', { name: 'نشستن' }).click();
  await page.getByRole('button', { name: /شروع/ }).click();
  await myTurn(page);
  expect(await page.locator('.hand-card').count()).toBeGreaterThan(10);
  expect(await coveredCards(page)).toEqual([]);
  expect(await inPage(page, 'document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  await picture(page, 'persian-phone');
});

test('a whole hand by keys alone, and an illegal card says why', async () => {
  const room = await cluster.createRoom({ options: { target_points: 1 } });
  const page = await visit(`/?room_code=${room}`, DESKTOP, { name: 'Sara' });
  const { keyboard } = page;
  const focusOn = async (name: RegExp) => {
    const focused = () =>
      inPage<string>(page, `(document.activeElement.ariaLabel ?? document.activeElement.textContent) + ''`);
    await until(`${name} is reached by Tab`, async () => {
      await keyboard.press('Tab');
      return name.test(await focused());
    });
  };
  await page.getByRole('button', { name: 'Sit down' }).waitFor();
  await focusOn(/^Sit down/);
  await keyboard.press('Enter');
  await page.getByRole('button', { name: /Start/ }).waitFor();
  await focusOn(/^Start/);
  await keyboard.press('Enter');
  await page.locator('.board').waitFor();
  let explained = false;
  await until(
    'the match is over',
    async () => {
      if ((await trumps(page).count()) > 0) {
        await focusOn(/in hand/);
        await keyboard.press('Enter');
        await trumps(page).first().waitFor({ state: 'detached' });
      }
      const card = await playable(page)
        .first()
        .getAttribute('data-card', { timeout: 100 })
        .catch(() => null);
      if (card !== null) {
        const illegal = await page.locator('.hand li[data-playable="false"]').count();
        if (illegal > 0 && !explained) {
          await keyboard.press('1');
          const steps = await page.locator('.hand-card').count();
          for (let step = 0; step < steps; step++) {
            if ((await page.locator('li[data-playable="false"] .hand-card:focus').count()) > 0) break;
            await keyboard.press('ArrowRight');
          }
          await keyboard.press('Enter');
          await page.locator('.turn-words[data-kind="warning"]').getByText('You must follow').waitFor();
          explained = true;
        }
        await keyboard.press('1');
        await keyboard.press('Enter');
        await page.locator(`.hand-card[data-card="${card}"]`).waitFor({ state: 'detached' });
      }
      return (await page.locator('.match-over').count()) > 0;
    },
    30_000,
  );
  expect(explained).toBe(true);
}, 180_000);

test('the turn is a live line, cards have names, suits are told by shape and word', async () => {
  const room = await cluster.createRoom();
  const page = await visit(`/?room_code=${room}`, PHONE, { name: 'Sara' });
  await page.getByRole('button', { name: 'Sit down' }).click();
  await page.getByRole('button', { name: /Start/ }).click();
  await myTurn(page);
  expect(await page.locator('.turn-words').getAttribute('aria-live')).toBe('polite');
  expect(await page.locator('.turn-words').textContent()).toMatch(
    /^Your turn: (lead any card|(follow|no) .*[♠♥♣♦] \w+)/,
  );
  expect(await playable(page).first().locator('.unseen').textContent()).toMatch(
    /(ace|king|two|\w+).* of .*(spades|hearts|clubs|diamonds)/,
  );
});

test('kot explains itself, to those who made it and to those who suffered it', async () => {
  const hand = handWith('kot');
  const hakem = hand.before.table.hakem ?? (0 as Seat);
  const loser = ((hakem + 1) & 3) as Seat;
  for (const [seat, words] of [
    [hakem, 'Kot! They took no trick.'],
    [loser, 'Kot! You took no trick.'],
  ] as const) {
    const visitor = await openPage(browser, 'about:blank', PHONE, { name: 'Sara' });
    open.push(visitor);
    const { page } = visitor;
    const { happen } = await stage(page, hand, seat);
    await page.goto(`${cluster.origin}${stagedPath}`);
    await page.locator('.board').waitFor();
    happen();
    await result(page).getByText(words).waitFor();
    expect(await result(page).locator('.result-points').textContent()).toBe('+2');
    // The players beside the trick stay in sight.
    const panel = await result(page).boundingBox();
    for (const place of ['left', 'right']) {
      const plate = await page.locator(`.seat[data-place="${place}"]`).boundingBox();
      expect((plate?.y ?? 0) + (plate?.height ?? 0)).toBeLessThanOrEqual(panel?.y ?? 0);
    }
    expect(sideOf(seat) === sideOf(hakem)).toBe(words.includes('They'));
    if (seat === hakem) await picture(page, 'score-kot');
    await page.getByRole('button', { name: 'See all hands' }).click();
    await picture(page, 'hands-face-up');
  }
});

test('the hakem sees five cards, large, and four suits with how many of each are held', async () => {
  const deal = firstFive();
  const visitor = await openPage(browser, 'about:blank', PHONE, { name: 'Sara' });
  open.push(visitor);
  const { page } = visitor;
  await stage(page, deal, deal.before.table.hakem as Seat);
  await page.goto(`${cluster.origin}${stagedPath}`);
  await trumps(page).last().waitFor();
  await picture(page, 'trump-choice');
  const counts = await trumps(page).locator('small').allTextContents();
  expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(5);
  expect(await coveredCards(page)).toEqual([]);
  // One row fills the place of two.
  const [card, hand] = await Promise.all(
    [page.locator('.hand-card').first(), page.locator('.hand')].map((it) => it.boundingBox()),
  );
  expect(card?.height).toBeGreaterThan((hand?.height ?? 0) * 0.6);
});

test('names and phrases of a hostile server stay text, and what is not known is left out', async () => {
  const markup = '<img src=x onerror="document.title=1">';
  const visitor = await openPage(browser, 'about:blank', PHONE, { name: 'Sara' });
  open.push(visitor);
  const { page } = visitor;
  const { tell, happen } = await stage(page, handWith('none'), 0 as Seat, ['Sara', markup, `"><svg/onload=1>`, markup]);
  await page.goto(`${cluster.origin}${stagedPath}`);
  await page.locator('.board').waitFor();
  tell({ type: 'said', seat: 1, phrase: markup });
  tell({ type: 'said', seat: 1, phrase: 'thanks' });
  tell({ type: 'something_new', seat: 1 });
  await page.locator('.bubble').getByText('Thanks', { exact: true }).waitFor();
  tell({ type: 'said', seat: 3, text: markup });
  await page.locator('.bubble').getByText(markup, { exact: true }).waitFor();
  tell({ type: 'error', code: 'TALK_LIMITED', message: markup, retry: true });
  await page.getByText('You have just said a lot').waitFor();
  happen();
  await result(page).waitFor();
  expect(await page.locator('.seat-name').allTextContents()).toContain(markup);
  expect(await page.locator('img, [onerror], [onload]').count()).toBe(0);
  expect(await page.title()).toContain('Hokm');
});
