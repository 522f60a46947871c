/** Whom a controller reports as not reached: not those that are busy for a moment. */
import { expect, test } from '@jest/globals';
import type { ShownServer } from '../../haproxy/runtime-api.js';
import { Unreached } from '../../haproxy/unreached.js';
import type { InstanceId } from '../../src/protocol/ids.js';

const PATIENCE_MS = 5_000;
const server = (name: string, changes: Partial<ShownServer> = {}): ShownServer => ({
  ...{ name: name as InstanceId, number: 1, address: '10.0.0.1:7000', weight: 128 },
  ...{ state: 'ready', up: true, checked: true },
  ...changes,
});
const down = (name: string) => server(name, { up: false });

test('one that is down is reported when it has been for so long, and no more once it is up', () => {
  const unreached = new Unreached(PATIENCE_MS);
  expect(unreached.report([down('a'), server('b')], 0)).toBe('');
  expect(unreached.report([down('a'), server('b')], PATIENCE_MS - 1)).toBe('');
  expect(unreached.report([down('a'), server('b')], PATIENCE_MS)).toBe('a');
  expect(unreached.report([server('a'), server('b')], PATIENCE_MS + 1)).toBe('');
  // It begins anew.
  expect(unreached.report([down('a')], PATIENCE_MS + 2)).toBe('');
  expect(unreached.report([down('a')], 2 * PATIENCE_MS + 2)).toBe('a');
});

test('one that leaves, or is not checked yet, is not meant', () => {
  const unreached = new Unreached(0);
  const leaving = server('a', { up: false, state: 'maint' });
  expect(unreached.report([leaving, server('b', { up: false, checked: false })], 0)).toBe('');
  expect(unreached.report([server('c', { up: false, state: 'drain' })], 0)).toBe('c');
});

test('those that HAProxy cannot have at all are reported at once', () => {
  const unreached = new Unreached(PATIENCE_MS);
  unreached.absent = ['x' as InstanceId];
  expect(unreached.report([down('a')], 0)).toBe('x');
  expect(unreached.report([down('a')], PATIENCE_MS)).toBe('a,x');
});

test('of a HAProxy that does not answer nothing is known, and what was is forgotten', () => {
  const unreached = new Unreached(PATIENCE_MS);
  unreached.report([down('a')], 0);
  expect(unreached.unknown()).toBe('?');
  expect(unreached.report([down('a')], PATIENCE_MS)).toBe('');
});
