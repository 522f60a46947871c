/** A game instance that also knows the relay game. */
import type { Game } from '../../../src/game/game.js';
import { games } from '../../../src/game/games.js';
import { relay } from './relay-game.js';

(games as Record<string, Game>).relay = relay as Game;
await import('../../../src/main.js');
