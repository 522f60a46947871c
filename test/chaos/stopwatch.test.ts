import { expect, test } from '@jest/globals';
import type { RoomCode } from '../../src/protocol/ids.js';
import type { Acknowledged } from './history.js';
import { Stopwatch } from './stopwatch.js';

const room = 'R00M0001' as RoomCode;
const STRUCK = 1_000;
const client = { lines: [] } as unknown as Acknowledged['client'];
const others = { lines: [] } as unknown as Acknowledged['client'];

const ack = (of: Acknowledged['client'], welcomedAt: number, due: number, at: number) =>
  ({ room, client: of, command: { due }, at, line: { startedAt: STRUCK + 1, welcomedAt } }) as unknown as Acknowledged;

function stopOf(...acks: readonly Acknowledged[]) {
  const watch = new Stopwatch(STRUCK, new Set([room]), true, new Set([client]));
  for (const one of acks) watch.ack(one);
  return [watch.samples.get(room)?.stop, watch.worst.get(room)];
}

test('who comes back waits from the strike to the welcome, and from when the move is due to its ack', () => {
  expect(stopOf(ack(client, 1_400, 1_700, 1_710))).toEqual([410, 410]);
});

test('who comes back and has been waited for waits all the time', () => {
  expect(stopOf(ack(client, 1_400, 900, 1_450))).toEqual([450, 450]);
  expect(stopOf(ack(client, 1_400, 1_300, 1_450))).toEqual([450, 450]);
});

test('the moves of those who were there do not tell, and later moves have no way back', () => {
  expect(stopOf(ack(others, 1_001, 1_010, 1_020))).toEqual([undefined, undefined]);
  expect(stopOf(ack(client, 1_400, 1_700, 1_710), ack(client, 1_400, 2_000, 2_020))).toEqual([410, 410]);
});
