/** Hokm for four, put together. */
import type { Game } from '../game.js';
import { bot } from './bot.js';
import { type Command, commandSchema } from './command.js';
import { type Event, type PublicEvent, project } from './event.js';
import { type Options, optionsSchema } from './options.js';
import { betweenHands, chance, decide, evolve, forfeit, result, type State, setup, turn, view } from './rules.js';
import { fold, handOn, legal, over, type View } from './view.js';

export const hokm: Game<State, Command, Event, View, PublicEvent, Options> = {
  id: 'hokm',
  rulesVersion: 1,
  optionsSchema,
  commandSchema,
  seatCount: () => 4,
  setup,
  decide,
  forfeit,
  chance,
  evolve,
  turn,
  betweenHands,
  handOn,
  view,
  project,
  fold,
  legal,
  over,
  bot,
  result,
};
