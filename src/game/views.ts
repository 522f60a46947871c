/** What clients run of each game: no rules that need secrets, nothing that needs Node. A line for every game. */
import type { Game } from './game.js';
import { bot } from './hokm/bot.js';
import { fold, handOn, legal, over } from './hokm/view.js';

export type ClientGame = Pick<Game, 'fold' | 'legal' | 'over' | 'bot' | 'handOn'>;

const clientGames: Readonly<Record<string, ClientGame>> = {
  hokm: { fold, legal, over, bot, handOn } as ClientGame,
};

export function findClientGame(id: string): ClientGame | undefined {
  return Object.hasOwn(clientGames, id) ? clientGames[id] : undefined;
}
