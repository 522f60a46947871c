/** A page that is loaded again does not do again what its person has asked for once. */
import { expect, test } from '@jest/globals';
import { until } from '../support/programs.js';
import { DESKTOP, launchBrowser, openPage } from './browser.js';
import { startPageCluster } from './page-cluster.js';

test('a new table with two bots keeps its free seat for the friend when its page is loaded again', async () => {
  const [cluster, browser] = await Promise.all([startPageCluster(1), launchBrowser()]);
  try {
    const room = await cluster.createRoom();
    const seats = async () => {
      const answer = await fetch(`${cluster.origin}/api/room?room_code=${room}`);
      const { view } = (await answer.json()) as { view: { seats: ({ bot: boolean } | null)[] } };
      return view.seats.map((seat) => (seat === null ? 'free' : seat.bot ? 'bot' : 'player'));
    };
    const { page, close } = await openPage(browser, cluster.origin, DESKTOP, { name: 'Sara' });
    // As the start page leaves it for the table.
    await page.evaluate(`history.pushState({ sit: true, bots: 2 }, '', '/?room_code=${room}')`);
    await page.reload();
    await until('two bots sit there', async () => (await seats()).join() === 'player,bot,free,bot');
    await page.reload();
    const bot = page.locator('.lobby-seat[data-seat="1"]');
    await bot.getByRole('button').first().click();
    // Done in the order in which it was asked for.
    await until('one bot is sent away', async () => (await seats())[1] === 'free');
    expect(await seats()).toEqual(['player', 'free', 'free', 'bot']);
    await close();
  } finally {
    await browser.close();
    await cluster.stop();
  }
}, 60_000);
