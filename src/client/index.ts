/** The client library, as far as it is the same in browsers and in Node. */
export type { Seat } from '../game/game.js';
export type { Presence, RoomStatus, RoomView, Said, SeatView } from '../protocol/client-out.js';
export { type RoomCode, readRoomCode } from '../protocol/ids.js';
export { PHRASES, type Phrase } from '../protocol/vocabulary.js';
export { type BotOptions, playAsBot } from './bot.js';
export { type KeptSeat, type SeatStore, SeatsInStorage, type TextStorage } from './seat-store.js';
export type { OpenSocket, SocketLike } from './socket.js';
export { CommandRefused, type Connection, Table, type TableOptions, type TableState } from './table.js';
