/** Free ports are asked for long before anybody listens on them. */
import { expect, test } from '@jest/globals';
import { freePort } from '../../deploy/local/ports.js';

test('who asks for many ports gets different ones', async () => {
  const ports = await Promise.all(Array.from({ length: 500 }, () => freePort()));
  expect(new Set(ports).size).toBe(500);
});
