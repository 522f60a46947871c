/** The docker driver against a server that speaks the Engine API; `npm run test:docker` runs it on a real engine. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DockerDriver } from '../../autoscaler/drivers/docker.js';
import { DriverError } from '../../autoscaler/drivers/driver.js';
import { INSPECTED, PROJECT_LABELS, startEngine, type TestEngine } from './docker-engine.js';
import { driverContract } from './driver-contract.js';

const driverAt = (socket: string) =>
  new DockerDriver({ type: 'docker', socket, project: 'hokm', service: 'game', timeout_s: 5 });

driverContract('docker', async () => {
  const engine = await startEngine();
  return {
    driver: driverAt(engine.socket),
    running: async () =>
      [...engine.containers.values()].filter(({ state }) => state === 'running').map(({ name }) => name),
    breakStarts: async () => {
      engine.failStarts = 'no space left on device';
    },
    breakAll: async () => engine.close(),
    end: () => engine.end(),
  };
});

let engine: TestEngine;
let driver: DockerDriver;
beforeEach(async () => {
  engine = await startEngine();
  driver = driverAt(engine.socket);
});
afterEach(() => engine.end());

test('a container is like the one that docker compose made: image, settings, mounts and network; it ends for good', async () => {
  const name = await driver.start('boot-1', 1);
  const { Image, Config, HostConfig } = INSPECTED;
  expect(engine.containers.get(name)?.body).toMatchObject({
    Image,
    Env: Config.Env,
    Cmd: Config.Cmd,
    Labels: { ...PROJECT_LABELS, 'com.docker.compose.container-number': '2', 'hokm.key': 'boot-1' },
    HostConfig: { ...HostConfig, AutoRemove: true, RestartPolicy: { Name: 'no' }, PortBindings: {} },
    NetworkingConfig: { EndpointsConfig: { hokm_inner: { Aliases: ['game'] } } },
  });
  // Its name on the network is its own.
  expect(engine.containers.get(name)?.body).not.toHaveProperty('Hostname');
});

test('the one at the address of an instance is stopped by SIGTERM, and no other', async () => {
  await driver.start('boot-1', 1);
  const name = await driver.start('boot-2', 1);
  const host = engine.containers.get(name)?.address ?? '';
  await driver.stop({ id: 'game-7KQ2', host, port: 7000 }, 1);
  expect(await driver.list()).toEqual([{ handle: 'hokm-game-boot-1' }]);
  expect(engine.orders.at(-1)).toBe(`POST /containers/${name}/kill?signal=SIGTERM`);
});

test('what was created and does not start is removed, and the reason is told in one line', async () => {
  engine.failStarts = 'failed to create task: no space left\non device';
  await expect(driver.start('boot-1', 1)).rejects.toThrow(
    /does not start the container: failed to create task: no space left$/,
  );
  expect([...engine.containers.keys()]).toEqual(['hokm-game-1']);
});

test('one that ends between being found and being told to end is no error', async () => {
  const handle = await driver.start('boot-1', 1);
  for (const status of [404, 409] as const) {
    engine.endedMeanwhile = status;
    await driver.stop({ handle }, 1);
  }
  expect(engine.orders.filter((order) => order.includes('/kill'))).toHaveLength(2);
});

test('containers of other services and projects are neither listed, stopped nor copied', async () => {
  await engine.end();
  engine = await startEngine([]);
  for (const [name, labels] of [
    ['other-game-1', { ...PROJECT_LABELS, 'com.docker.compose.project': 'other' }],
    ['hokm-redis1-1', { ...PROJECT_LABELS, 'com.docker.compose.service': 'redis1' }],
  ] as const) {
    engine.containers.set(name, { name, body: { Labels: labels }, state: 'running', address: '172.30.77.11' });
  }
  driver = driverAt(engine.socket);
  expect(await driver.list()).toEqual([]);
  await driver.stop({ handle: 'other-game-1' }, 1);
  await driver.stop({ host: '172.30.77.11' }, 1);
  await expect(driver.start('boot-1', 1)).rejects.toThrow(DriverError);
  await expect(driver.start('boot-1', 1)).rejects.toThrow(/run docker compose up/);
  expect(engine.orders).toEqual([]);
});

test('once docker compose has none any more, one that the driver made is the model', async () => {
  await driver.start('boot-1', 1);
  engine.containers.delete('hokm-game-1');
  await driver.start('boot-2', 1);
  expect(await driver.list()).toHaveLength(2);
});
