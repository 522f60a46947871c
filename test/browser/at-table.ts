/** What a person does at a table, by clicks. */
import type { Locator, Page } from 'playwright-core';
import { until } from '../support/programs.js';

export const playable = (page: Page): Locator => page.locator('.hand li[data-playable="true"] button');
export const trumps = (page: Page): Locator => page.locator('.trump-button');
export const result = (page: Page): Locator => page.locator('.result-panel');

/** The corner of a card that no other card covers. */
const CORNER = { position: { x: 12, y: 16 } } as const;

export const cardsInHand = (page: Page): Promise<number> => page.locator('.hand li').count();

/** Names trump or plays a card, if it is the page's turn. True when something was done. */
export async function act(page: Page): Promise<boolean> {
  const choice = trumps(page).or(playable(page)).first();
  if ((await choice.count()) === 0) return false;
  const card = await choice.getAttribute('data-card');
  // By the mouse all the same; only the wait for things to stand still is left out.
  await choice.click({ ...CORNER, force: true });
  const used = card === null ? trumps(page).first() : page.locator(`.hand-card[data-card="${card}"]`);
  await used.waitFor({ state: 'detached' });
  return true;
}

/** Plays a card of the page's own and gives its name. */
export async function playOne(page: Page): Promise<string> {
  const card = playable(page).first();
  const name = (await card.getAttribute('data-card')) ?? '';
  await card.click(CORNER);
  return name;
}

/** All pages play until a result is shown to each. */
export async function playHand(pages: readonly Page[]): Promise<void> {
  const counts = (locator: (page: Page) => Locator) => Promise.all(pages.map((page) => locator(page).count()));
  await until(
    'the hand is played',
    async () => {
      const turns = await counts((page) => trumps(page).or(playable(page)));
      const next = pages[turns.findIndex((count) => count > 0)];
      if (next) await act(next);
      return !next && (await counts(result)).every((count) => count > 0);
    },
    120_000,
  );
}

/** Waits until the page may play a card; names trump on the way where it is hakem. */
export async function myTurn(page: Page): Promise<void> {
  await until('it is the turn of the page', async () => {
    if ((await trumps(page).count()) > 0) await act(page);
    const go = page.locator('.result-panel .button.primary');
    if ((await go.count()) > 0) await go.click().catch(() => undefined);
    return (await playable(page).count()) > 0;
  });
}
