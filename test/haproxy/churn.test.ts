/** A short churn; the long one is `npm run churn`. */
import { expect, test } from '@jest/globals';
import { churn } from './churn.js';

test('instances come and go under load: no join fails, no pin is wrong, HAProxy is not reloaded', async () => {
  const said: string[] = [];
  const report = await churn({
    seconds: 3,
    servers: 0,
    rooms: 20,
    instances: 3,
    batch: 1,
    joinsPerSecond: 20,
    seed: 4,
    // 15 s are for streams that are still being retried: there are none when the players are back.
    controller: { HOKM_DELETE_WAIT_MS: '500' },
    tell: (line) => said.push(line),
  });
  expect(report).toMatchObject({ wrong_pins: 0, reloads: 0, stuck_players: 0, joins: { failed: 0 } });
  expect([report.joins.tried > 20, report.quiet_seconds > 0]).toEqual([true, true]);
  expect(report.servers.deleted).toBe(report.servers.removed);
}, 120_000);
