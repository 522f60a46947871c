/** What every driver must keep. A new one joins by calling this with a way to make it, and to look behind it. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Driver, DriverError } from '../../autoscaler/drivers/driver.js';
import { until } from '../support/programs.js';

export interface DriverUnderTest {
  readonly driver: Driver;
  /** Handles of what really runs. */
  running(): Promise<readonly string[]>;
  /** From now on nothing can be started. */
  breakStarts(): Promise<void>;
  /** Whatever it asks is not there any more. */
  breakAll(): Promise<void>;
  end(): Promise<void>;
}

export function driverContract(name: string, make: () => Promise<DriverUnderTest>): void {
  describe(`the ${name} driver`, () => {
    let under: DriverUnderTest;
    let driver: Driver;

    beforeEach(async () => {
      under = await make();
      driver = under.driver;
    });
    afterEach(async () => {
      await driver.close();
      await under.end();
    });

    const arrived = (count: number) =>
      until(
        `${count} run`,
        async () => (await under.running()).length === count && (await driver.list()).length === count,
      );

    test('starts what it is told to, and lists it', async () => {
      expect(await driver.list()).toEqual([]);
      const handle = await driver.start('boot-1', 1);
      await driver.start('boot-2', 1);
      await arrived(2);
      const listed = (await driver.list()).map((each) => each.handle).sort();
      expect(listed).toEqual([...(await under.running())].sort());
      if (handle !== undefined) expect(listed).toContain(handle);
      expect(driver.takeFailures()).toEqual([]);
    });

    test('keeps its word about a key that is used twice', async () => {
      await driver.start('boot-1', 1);
      await arrived(1);
      await driver.start('boot-1', 1);
      await driver.start('boot-2', 1);
      await arrived(driver.startsOnce ? 2 : 3);
    });

    test('stops the one that is meant, by handle, by id, and twice without harm', async () => {
      await driver.start('boot-1', 1);
      await driver.start('boot-2', 1);
      await arrived(2);
      const [first, second] = await driver.list();
      await driver.stop({ handle: first?.handle }, 1);
      await arrived(1);
      expect(await under.running()).toEqual([second?.handle]);
      await driver.stop({ handle: first?.handle }, 1);
      await driver.stop({ id: second?.id ?? second?.handle }, 1);
      await arrived(0);
      await driver.stop({ id: second?.id ?? second?.handle }, 1);
    });

    test('leaves alone what it does not know', async () => {
      await driver.start('boot-1', 1);
      await arrived(1);
      await driver.stop({ id: 'game-NOTTHERE', host: 'elsewhere', port: 1 }, 1);
      await arrived(1);
    });

    test('refuses orders of an older lock', async () => {
      await driver.start('boot-1', 5);
      await arrived(1);
      const [first] = await driver.list();
      await expect(driver.start('boot-2', 4)).rejects.toThrow(DriverError);
      await expect(driver.stop({ handle: first?.handle }, 4)).rejects.toThrow(/outdated/);
      await arrived(1);
      await driver.stop({ handle: first?.handle }, 6);
      await arrived(0);
    });

    test('tells of a start that fails, at once or when it has failed', async () => {
      await under.breakStarts();
      const told = await driver.start('boot-1', 1).then(
        () => undefined,
        (error: Error) => error,
      );
      if (told) expect(told).toBeInstanceOf(DriverError);
      else await until('the failure is known', () => driver.takeFailures().includes('boot-1'));
      expect(driver.takeFailures()).toEqual([]);
    });

    test('says in one line that nothing can be reached', async () => {
      await under.breakAll();
      for (const order of [() => driver.list(), () => driver.start('boot-1', 1)]) {
        const error = await order().then(
          () => undefined,
          (reason: Error) => reason,
        );
        expect(error).toBeInstanceOf(DriverError);
        expect(error?.message).not.toContain('\n');
      }
    });
  });
}
