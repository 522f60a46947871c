/** Every game the cluster can play. A new one is a folder and a line here. */
import type { Game } from './game.js';
import { hokm } from './hokm/hokm.js';

export const games: Readonly<Record<string, Game>> = {
  hokm,
};

/** The game a room names, or undefined when there is none of that name. */
export function findGame(id: string): Game | undefined {
  return Object.hasOwn(games, id) ? games[id] : undefined;
}
