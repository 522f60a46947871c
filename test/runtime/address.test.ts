/** Hosts and ports as texts, IPv6 included: what is read from one, what is written into one. */
import { describe, expect, test } from '@jest/globals';
import {
  formatHostPort,
  hostOf,
  isWildcard,
  Networks,
  parseHost,
  parseHostPort,
  reachable,
} from '../../src/runtime/address.js';

describe('a host is kept bare and in one spelling', () => {
  test.each([
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8::0001', '2001:db8::1'],
    ['::FFFF:10.0.0.1', '::ffff:10.0.0.1'],
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', 'localhost'],
    ['game_1.hokm.svc.cluster.local', 'game_1.hokm.svc.cluster.local'],
    ['::', '::'],
  ])('%s is %s', (text, host) => expect(parseHost(text)).toBe(host));

  test.each([
    '',
    'a b',
    '[::1',
    '::1]',
    '[127.0.0.1]',
    '[localhost]',
    '[[::1]]',
    'fe80::1%eth0',
    ':::',
    '256.1.1.1',
    '1.2.3',
    '-a',
    'host:80',
    'a/b',
  ])('%s is none', (text) => expect(parseHost(text)).toBeUndefined());
});

describe('a host with its port', () => {
  test.each([
    ['[::1]:6379', '::1', 6379],
    ['[2001:db8:0:0::1]:1', '2001:db8::1', 1],
    ['127.0.0.1:80', '127.0.0.1', 80],
    ['redis-0.redis:26379', 'redis-0.redis', 26379],
  ])('%s is read', (text, host, port) => expect(parseHostPort(text)).toEqual({ host, port }));

  test.each(['::1:6379', '[::1]', 'localhost', ':80', 'a:', 'a:b', 'a:65536', 'a:-1', 'a:1:2', '[::1]6379'])(
    '%s is not',
    (text) => expect(parseHostPort(text)).toBeUndefined(),
  );

  test.each([
    [{ host: '::1', port: 80 }, '[::1]:80'],
    [{ host: '127.0.0.1', port: 80 }, '127.0.0.1:80'],
    [{ host: 'game', port: 0 }, 'game:0'],
  ])('%j is written, and read again', (place, text) => {
    expect(formatHostPort(place)).toBe(text);
    expect(parseHostPort(text)).toEqual(place);
    expect(new URL(`http://${text}/`).host).toBe(text.replace(':80', ''));
  });
});

test('the host that a Host header names is bare, with a port or without', () => {
  const told = ['[::1]:80', '[::1]', '127.0.0.1:1', 'evil.example', 'evil.example:80', 'a b', ''].map(hostOf);
  expect(told).toEqual(['::1', '::1', '127.0.0.1', 'evil.example', 'evil.example', undefined, undefined]);
});

test('addresses that mean all are known, and are reached by loopback', () => {
  const all = ['0.0.0.0', '::', '[::]', '0:0:0:0:0:0:0:0', '*'];
  expect(all.filter(isWildcard)).toEqual(all);
  expect(['127.0.0.1', '::1', 'localhost'].filter(isWildcard)).toEqual([]);
  expect(['0.0.0.0', '*', '::', '[::]', '::2'].map(reachable)).toEqual(['127.0.0.1', '127.0.0.1', '::1', '::1', '::2']);
});

test('networks hold their addresses, those of IPv4 clients at a socket for both families too', () => {
  const networks = new Networks(['10.0.0.0/8', '[::1]', '2001:db8::/32', '192.0.2.7']);
  const within = ['10.255.0.1', '::ffff:10.1.1.1', '::1', '2001:db8:1::2', '192.0.2.7'];
  const beyond = ['11.0.0.1', '::2', '192.0.2.8', '127.0.0.1', '', 'localhost', '::ffff:11.0.0.1'];
  expect([...within, ...beyond].filter((address) => networks.has(address))).toEqual(within);
  for (const wrong of ['localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::1/129', 'a/8'])
    expect(() => new Networks([wrong])).toThrow();
});
