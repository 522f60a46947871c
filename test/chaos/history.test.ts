import { expect, test } from '@jest/globals';
import type { Seat } from '../../src/game/game.js';
import type { Seq } from '../../src/protocol/ids.js';
import { type ClientHistory, RoomHistory } from './history.js';

const CODE = 'CHA0S000' as RoomHistory['code'];
const client = () => new RoomHistory(CODE).client(0 as Seat);
const command = (id: string, turn?: number) =>
  JSON.stringify({
    type: 'command',
    id,
    command: { type: 'play', card: 'AS' },
    ...(turn === undefined ? {} : { for: turn }),
  });
const refusal = (id: string, retry: boolean) =>
  JSON.stringify({ type: 'error', id, code: retry ? 'FROZEN' : 'NOT_YOUR_TURN', message: '', retry });
const only = (history: ClientHistory) => history.evidence(null).commands[0];

test('a refusal is a promise when it says that another attempt is of no use, and only then', () => {
  for (const [retry, refused] of [
    [true, null],
    [false, 'NOT_YOUR_TURN'],
  ] as const) {
    const history = client();
    const tap = history.tap();
    void tap.sent(command('1-abc'));
    tap.received(refusal('1-abc', retry));
    expect(only(history)).toMatchObject({ refused });
  }
});

test('an ack of an id that was never sent is kept', () => {
  const history = client();
  history.tap().received(JSON.stringify({ type: 'ack', id: '7-abc', seq: 12 }));
  expect(history.evidence(null).strayAcks).toEqual([{ id: '7-abc', seq: 12 }]);
});

test('the answers to requests count as acks and refusals do', () => {
  const history = client();
  const body = { id: '3-h1234', command: { type: 'play' }, for: 9 };
  history.sentByRequest(body);
  history.sentByRequest(body).acked(10 as Seq);
  expect(only(history)).toMatchObject({ id: '3-h1234', times: 2, turn: 9, refused: null, acks: [{ seq: 10 }] });
  const other = client();
  other.sentByRequest(body).refused('TURN_OVER');
  expect(only(other)).toMatchObject({ refused: 'TURN_OVER', acks: [] });
});

test('a seat that was lost between two attempts refuses the second: nothing is promised of the first', () => {
  for (const [attempts, refused] of [
    [1, 'NOT_SEATED'],
    [2, null],
  ] as const) {
    const history = client();
    const body = { id: '3-h1234', command: { type: 'play' } };
    for (let made = 1; made < attempts; made++) history.sentByRequest(body);
    history.sentByRequest(body).refused('NOT_SEATED');
    expect(only(history)).toMatchObject({ refused });
  }
});

test('a command is for a turn when every sending of it says so', () => {
  const history = client();
  const tap = history.tap();
  void tap.sent(command('1-abc', 4));
  expect(only(history)).toMatchObject({ turn: 4 });
  void tap.sent(command('1-abc'));
  expect(only(history)).toMatchObject({ turn: null, times: 2 });
});

test('a welcome with a token promises a seat to whoever holds it', () => {
  const history = client();
  const tap = history.tap();
  const welcome = { type: 'welcome', epoch: 1, seq: 2, digest: 'd', resumed: false, seat: 0, token: 'secret' };
  tap.received(JSON.stringify(welcome));
  const { holders, promisedSeats } = history.evidence(null);
  expect(holders).toEqual(['2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b']);
  expect(promisedSeats).toEqual([{ holder: holders?.[0], seq: 2 }]);
});
