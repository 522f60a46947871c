/** The client library, as far as it is the same in browsers and in Node. Every type that its API names is exported. */
export type { Seat, Typed } from '../game/seat.js';
export type {
  Ack,
  ClientOut,
  Cursor,
  ErrorFrame,
  EventFrame,
  Notice,
  Pong,
  Presence,
  PresenceFrame,
  RoomStatus,
  RoomView,
  Said,
  SeatView,
  Snapshot,
  TurnInfo,
  Welcome,
} from '../protocol/client-out.js';
export {
  type CommandId,
  type Digest,
  type Epoch,
  type RoomCode,
  readRoomCode,
  type Seq,
} from '../protocol/ids.js';
export type { Seating, SwapWish } from '../protocol/seating.js';
export { PHRASES, type Phrase, type Talk } from '../protocol/vocabulary.js';
export { type BotOptions, playAsBot } from './bot.js';
export type { Device, DeviceTimer } from './device.js';
export { type KeptSeat, type SeatStore, SeatsInStorage, type TextStorage } from './seat-store.js';
export type { OpenSocket, SocketLike } from './socket.js';
export { Table } from './table.js';
export {
  CommandRefused,
  type Connection,
  type TableCommand,
  type TableOptions,
  type TableState,
} from './table-state.js';
export { type PageEvents, wakeWith } from './wake.js';
