/** Links and codes as people pass them on: understood, or told plainly, never a silent home page. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage, PHONE, type TestPage } from './browser.js';
import { type PageCluster, startPageCluster } from './page-cluster.js';

let cluster: PageCluster;
let browser: Browser;
let room: string;
const open: TestPage[] = [];

beforeAll(async () => {
  [cluster, browser] = await Promise.all([startPageCluster(1), launchBrowser()]);
});
beforeEach(async () => {
  room = await cluster.createRoom();
});
afterEach(async () => {
  for (const { close } of open.splice(0)) await close();
});
afterAll(async () => {
  await browser.close();
  await cluster.stop();
});

async function visit(path: string): Promise<Page> {
  const visitor = await openPage(browser, `${cluster.origin}${path}`, PHONE, { name: 'Sara' });
  open.push(visitor);
  return visitor.page;
}

const sitsDown = async (page: Page) => {
  await page.getByRole('button', { name: 'Sit down' }).click();
  await page.locator('.lobby').waitFor();
};

test.each(['?room_code=CODE).', '?room_code=CODE%E2%80%8F', '?room_code=(SMALL)&amp;x', '?room_code=CODE%29%2C'])(
  'a link with signs about its code leads to the table: %s',
  async (link) => {
    const spelt = link.replace('CODE', room).replace('SMALL', `${room.slice(0, 4)}-${room.slice(4)}`.toLowerCase());
    await sitsDown(await visit(`/${spelt}`));
  },
);

test.each(['?room_code=', '?room_code=7KQ2M9X', '?room_code=hello'])(
  'a link without a code says so: %s',
  async (link) => {
    const page = await visit(`/${link}`);
    await page.getByRole('alert').getByText('The link you followed has no code').waitFor();
  },
);

test('a whole link, pasted where a code belongs, is understood', async () => {
  const page = await visit('/');
  const field = page.getByRole('textbox', { name: 'Table code' });
  await field.fill(`Come: ${cluster.origin}/?room_code=${room.toLowerCase()}.`);
  expect(await field.inputValue()).toBe(`${room.slice(0, 4)}-${room.slice(4)}`);
  await field.press('Enter');
  await sitsDown(page);
});
