import type { Game } from '../game/game.js';
import type { RoomHead, RoomSettings } from '../room/state.js';
import { newRoomCode } from './new-ids.js';

/** The head of a room that does not exist yet, under a fresh code. `createdAt` in cluster time, ms. */
export function newRoomHead(game: Game, options: unknown, settings: RoomSettings, createdAt: number): RoomHead {
  return { code: newRoomCode(), game: game.id, rulesVersion: game.rulesVersion, options, settings, createdAt };
}
