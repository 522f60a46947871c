import type { Game } from '../game/game.js';
import type { RoomCode } from '../protocol/ids.js';
import type { RoomHead, RoomSettings } from '../room/state.js';
import { newRoomCode } from './new-ids.js';

/** The head of a room that does not exist yet, under a fresh code or the one given. `createdAt` in cluster time, ms. */
export function newRoomHead(
  game: Game,
  options: unknown,
  settings: RoomSettings,
  createdAt: number,
  code: RoomCode = newRoomCode(),
): RoomHead {
  return { code, game: game.id, rulesVersion: game.rulesVersion, options, settings, createdAt };
}
