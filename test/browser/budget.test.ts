/** What the page costs: bytes, time to be usable on a slow machine, memory over a long match. And how it is served. */
import { get } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { until } from '../support/programs.js';
import { inPage, launchBrowser, openPage, PHONE, type TestPage } from './browser.js';
import { type PageCluster, startPageCluster } from './page-cluster.js';

let cluster: PageCluster;
let browser: Browser;
const open: TestPage[] = [];

beforeAll(async () => {
  // The page plays faster here than a person can.
  const quick = { HOKM_BOT_DELAY_MS: '1', HOKM_MESSAGE_RATE: '1000' };
  [cluster, browser] = await Promise.all([startPageCluster(1, quick), launchBrowser()]);
});
afterEach(async () => {
  for (const { close } of open.splice(0)) await close();
});
afterAll(async () => {
  await browser.close();
  await cluster.stop();
});

interface Served {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<Served>((resolve, reject) => {
    get(cluster.origin + path, { headers, method, agent: false }, (response) => {
      let body = '';
      response.on('data', (data) => {
        body += String(data);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    }).on('error', reject);
  });

/** The files that the page names: what a first visit loads. */
const assetsOf = (html: string): string[] => [...html.matchAll(/"(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '');

test('a first visit loads at most 150 kB gzipped, and brotli where the browser knows it', async () => {
  const html = (await ask('/')).body;
  const gzip = { 'accept-encoding': 'gzip' };
  const served = await Promise.all(['/', '/favicon.ico', ...assetsOf(html)].map((path) => ask(path, gzip)));
  expect(served.map(({ status, headers }) => [status, headers['content-encoding']])).toEqual(
    served.map(() => [200, 'gzip']),
  );
  const bytes = served.reduce((sum, { headers }) => sum + Number(headers['content-length']), 0);
  process.stdout.write(`first load: ${(bytes / 1_000).toFixed(1)} kB gzipped in ${served.length} files\n`);
  expect(bytes).toBeLessThan(150_000);
  expect((await ask('/', { 'accept-encoding': 'gzip, br' })).headers['content-encoding']).toBe('br');
  expect((await ask('/', { 'accept-encoding': 'br;q=0' })).headers['content-encoding']).toBeUndefined();
});

test('assets are kept for good, the page is asked for again by its ETag', async () => {
  const { headers, body } = await ask('/');
  expect(headers['cache-control']).toBe('no-cache');
  const again = await ask('/', { 'if-none-match': String(headers.etag) });
  expect([again.status, again.body]).toEqual([304, '']);
  for (const path of assetsOf(body)) {
    expect(path).toMatch(/-[A-Z0-9]{8}\.(js|css)$/);
    expect((await ask(path)).headers['cache-control']).toBe('public, max-age=31536000, immutable');
  }
  const head = await ask('/', {}, 'HEAD');
  expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', String(Buffer.byteLength(body))]);
  for (const path of ['/assets/none.js', '/assets/meta.json', '/meta.json']) expect((await ask(path)).status).toBe(404);
});

test('the policy of the page allows its own files and nothing else', async () => {
  const { headers } = await ask('/');
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  expect(policy).not.toMatch(/\*|https?:|data:/);
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
  });
});

test('no request leaves for a third party', async () => {
  const visitor = await openPage(browser, cluster.origin, PHONE);
  open.push(visitor);
  const hosts = new Set<string>();
  visitor.page.on('request', (request) => hosts.add(new URL(request.url()).origin));
  await visitor.page.reload();
  await visitor.page.locator('.open-list p').waitFor();
  expect([...hosts]).toEqual([cluster.origin]);
});

test('usable within a second on a machine four times slower', async () => {
  const visitor = await openPage(browser, cluster.origin, PHONE);
  open.push(visitor);
  const { page } = visitor;
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  await page.addInitScript(
    `new MutationObserver((_, observer) => {
       if (!document.querySelector('.way.primary')) return;
       observer.disconnect();
       requestAnimationFrame(() => { const channel = new MessageChannel();
         channel.port1.onmessage = () => { window.usableAt = performance.now(); };
         channel.port2.postMessage(0); });
     }).observe(document, { subtree: true, childList: true })`,
  );
  const times: number[] = [];
  for (let run = 1; run <= 3; run++) {
    await page.reload();
    await page.locator('.way.primary').waitFor();
    times.push(Math.round(await until('usable', () => inPage<number>(page, 'window.usableAt'))));
  }
  process.stdout.write(`usable at 4x slowdown after, ms: ${times.join(' ')}\n`);
  // The machine has other work too: the best of three says what the page costs.
  expect(Math.min(...times)).toBeLessThan(1_000);
});

test('a match of a hundred tricks does not grow the heap', async () => {
  const options = { target_points: 13, play_all_tricks: true };
  const room = await cluster.createRoom({ options });
  const visitor = await openPage(browser, `${cluster.origin}/?room_code=${room}`, PHONE, { name: 'Sara' });
  open.push(visitor);
  const { page } = visitor;
  await page.getByRole('button', { name: 'Sit down' }).click();
  await page.getByRole('button', { name: 'Start, bots fill the rest' }).click();
  await page.locator('.board').waitFor();
  await inPage(
    page,
    `window.tricks = 0; window.before = -1;
     setInterval(() => {
       const choice = document.querySelector('.trump-button, .hand li[data-playable="true"]:not([data-sending="true"]) button, .result-panel .button.primary');
       choice?.click();
       const seen = document.querySelectorAll('.pips i[data-on="true"]').length;
       const hand = document.querySelectorAll('.hand li').length;
       if (hand !== window.before && hand < 13 && window.before > hand) window.tricks += 1;
       window.before = hand;
       window.whenPlayed?.();
     }, 5), undefined`,
  );
  const session = await page.context().newCDPSession(page);
  const once = async () => {
    await inPage(page, 'new Promise((resolve) => requestIdleCallback(() => resolve(true)))');
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    const { nodes } = await session.send('Memory.getDOMCounters');
    return { bytes: usedSize, nodes };
  };
  // What is drawn just now counts too, and what was drawn before is let go step by step: the least is what is kept.
  const measure = async () => {
    const looks = [await once(), await once(), await once()];
    return looks.reduce((least, look) => (look.bytes < least.bytes ? look : least));
  };
  // One question for all of it: to look again and again would cost more than the play.
  const played = (tricks: number) =>
    inPage(
      page,
      `new Promise((resolve) => { window.whenPlayed = () => window.tricks >= ${tricks} && resolve(true); })`,
    );
  await played(15);
  const early = await measure();
  await played(115);
  const late = await measure();
  const grown = late.bytes - early.bytes;
  process.stdout.write(
    `heap after 15 and 115 tricks, kB: ${[early, late].map(({ bytes }) => Math.round(bytes / 1_000)).join(' ')}; ` +
      `nodes: ${early.nodes} ${late.nodes}\n`,
  );
  expect(grown).toBeLessThan(1_000_000);
  expect(late.nodes).toBeLessThan(early.nodes * 2);
  expect(visitor.wrong).toEqual([]);
}, 180_000);
