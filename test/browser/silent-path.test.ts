/** A path that drops everything and ends nothing: a browser tells the page of such a socket's end a minute later. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { until } from '../support/programs.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { myTurn, playOne } from './at-table.js';
import { launchBrowser, openPage, PHONE, type TestPage } from './browser.js';
import { type PageCluster, startPageCluster } from './page-cluster.js';

/** The page has 3 s; the machine has other work too. */
const LEFT_WITHIN_MS = 4_500;

let cluster: PageCluster;
let browser: Browser;
let wire: TcpProxy;
let visitor: TestPage | undefined;
/** When the page asked for each of its sockets. */
let dials: number[];

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startPageCluster(1), launchBrowser()]);
  wire = await TcpProxy.to(cluster.port);
});
afterEach(() => visitor?.close());
afterAll(async () => {
  await browser.close();
  await wire.stop();
  await cluster.stop();
});

/** Does `act` with the first thing that goes up on the page's first socket after `passed` others; true keeps it back. */
function onSocket(passed: number, act: () => void): void {
  dials = [];
  let chunks = 0;
  let done = false;
  wire.intercept = (data) => {
    const isDial = data.includes('GET /ws');
    if (isDial) dials.push(performance.now());
    if (done || dials.length === 0) return false;
    done = chunks === passed;
    chunks += 1;
    if (done) act();
    return done;
  };
}

async function sitDown(): Promise<Page> {
  const room = await cluster.createRoom({ options: { target_points: 13 }, turn_ms: 60_000 });
  visitor = await openPage(browser, `http://127.0.0.1:${wire.port}/?room_code=${room}`, PHONE, { name: 'Sara' });
  await visitor.page.getByRole('button', { name: 'Sit down' }).click();
  return visitor.page;
}

const start = (page: Page) => page.getByRole('button', { name: 'Start, bots fill the rest' }).click();

/** ms from the silence to the next attempt. */
async function nextAttempt(silentSince: () => number): Promise<number> {
  await until('the path is silent', () => silentSince() > 0);
  const since = silentSince();
  await until('the next attempt', () => dials.some((at) => at > since), 30_000);
  const took = Math.round((dials.find((at) => at > since) ?? 0) - since);
  process.stdout.write(`silence to the next attempt: ${took} ms\n`);
  return took;
}

test.each([
  ['before the socket is open', 0],
  ['as the page says hello', 1],
])('a path that falls silent %s: the page tries again within 3 s', async (_, passed) => {
  let since = 0;
  onSocket(passed, () => {
    since = performance.now();
    wire.silence();
  });
  const page = await sitDown();
  expect(await nextAttempt(() => since)).toBeLessThan(LEFT_WITHIN_MS);
  await start(page);
  await myTurn(page);
  expect(visitor?.wrong).toEqual([]);
});

test('a socket that died in silence while nothing happened: the next card counts, within 3 s and a moment', async () => {
  onSocket(Number.POSITIVE_INFINITY, () => undefined);
  const page = await sitDown();
  await start(page);
  await myTurn(page);
  wire.silence();
  const since = performance.now();
  const card = await playOne(page);
  expect(await nextAttempt(() => since)).toBeLessThan(LEFT_WITHIN_MS);
  await page.locator(`.hand-card[data-card="${card}"]`).waitFor({ state: 'detached' });
  expect(visitor?.wrong).toEqual([]);
});
