/** How each of the relaying servers is talked to. */
import type { RelayDialect } from './relay-table.js';
import { SEATS } from './table.js';

const CARDS = ['AS', 'KH', 'QC', 'JD'];

const raw: RelayDialect = {
  seats: async (_, code) => SEATS.map((seat) => `/?table=${code}&seat=${seat}`),
  answer: () => undefined,
  isMove: () => true,
  move: (count) => `{"type":"move","id":"${count}-b","card":"${CARDS[count & 3]}"}`,
};

/** Engine.IO packets: 0 open, 2 ping, 3 pong, 4 message; Socket.IO in it: 0 connect, 2 event. */
const socketIo: RelayDialect = {
  seats: async (_, code) => SEATS.map((seat) => `/socket.io/?EIO=4&transport=websocket&table=${code}&seat=${seat}`),
  answer: ([type]) => (type === 0x30 ? '40' : type === 0x32 ? '3' : undefined),
  admits: ([packet, type]) => packet === 0x34 && type === 0x30,
  isMove: ([packet, type]) => packet === 0x34 && type === 0x32,
  move: (count) => `42["move",{"id":"${count}-b","card":"${CARDS[count & 3]}"}]`,
};

const JOIN_ROOM = 10;
const ROOM_DATA = 13;

/** A message of Colyseus: its type and its fields in MessagePack, all of them short strings. */
function colyseusMessage(type: string, fields: Readonly<Record<string, string>>): Buffer {
  const short = (text: string) => [Buffer.from([0xa0 | text.length]), Buffer.from(text)];
  const entries = Object.entries(fields);
  const map = Buffer.from([0x80 | entries.length]);
  return Buffer.concat([Buffer.from([ROOM_DATA]), ...short(type), map, ...entries.flat().flatMap(short)]);
}

const colyseus: RelayDialect = {
  seats: async (port) => {
    const reserve = async (method: string) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`http://127.0.0.1:${port}/matchmake/${method}`, {
        method: 'POST',
        headers,
        body: '{}',
      });
      return (await response.json()) as { processId: string; roomId: string; sessionId: string };
    };
    const first = await reserve('create/table');
    const reservations = [first];
    for (const _ of SEATS.slice(1)) reservations.push(await reserve(`joinById/${first.roomId}`));
    return reservations.map(({ processId, roomId, sessionId }) => `/${processId}/${roomId}?sessionId=${sessionId}`);
  },
  answer: ([code]) => (code === JOIN_ROOM ? Buffer.from([JOIN_ROOM]) : undefined),
  admits: ([code]) => code === JOIN_ROOM,
  isMove: ([code]) => code === ROOM_DATA,
  move: (count) => colyseusMessage('move', { id: `${count}-b`, card: CARDS[count & 3] ?? '' }),
};

export const dialects = { raw, socketIo, colyseus } as const;
/** Of a relaying server; or Hokm, played or left waiting for its match. */
export type DialectName = keyof typeof dialects | 'hokm' | 'lobby';
