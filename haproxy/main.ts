/** The controller of one HAProxy: `run` keeps it equal to the registry, `show` tells how equal it is. */
import yargs from 'yargs';
import { Registry } from '../src/cluster/registry.js';
import { ConfigError, type ControllerConfig, commandName, controllerConfig } from '../src/config.js';
import { connect, RedisUnavailable, ready } from '../src/redis/client.js';
import { SystemClock, sleep } from '../src/runtime/clock.js';
import { Lifecycle } from '../src/runtime/lifecycle.js';
import { changeLevel, createLogger } from '../src/runtime/log.js';
import { crockford } from '../src/runtime/random.js';
import { BackendFile } from './backend-file.js';
import { Controller } from './controller.js';
import { OldWorkers } from './old-workers.js';
import { HAProxyUnavailable, RuntimeApi } from './runtime-api.js';
import { describe, look } from './show.js';

const STOP_MS = 5_000;

async function run(config: ControllerConfig): Promise<void> {
  const id = `haproxy-${crockford(8)}`;
  const clock = new SystemClock();
  const log = createLogger(config.LOG_LEVEL, { process: 'controller', controller: id });
  const lifecycle = new Lifecycle(log, clock, STOP_MS);
  lifecycle.stopOnSignals();
  lifecycle.reloadOnHangUp(() => changeLevel(log, controllerConfig().LOG_LEVEL));
  lifecycle.stopWithParent();

  const api = new RuntimeApi(config.HAPROXY_SOCKET);
  const redis = connect(config, 'controller');
  lifecycle.onStop('redis', () => redis.disconnect());
  const messages = connect(config, 'controller-sub', true);
  lifecycle.onStop('messages', () => messages.disconnect());
  await Promise.all([
    answering(api, clock, config.HOKM_START_WAIT_MS),
    ready(redis, config, config.HOKM_START_WAIT_MS),
    ready(messages, config, config.HOKM_START_WAIT_MS),
  ]);

  const registry = new Registry(redis, config.HOKM_LEASE_MS);
  const file = config.HAPROXY_BACKEND_FILE;
  const backendFile = file === undefined ? undefined : new BackendFile(file);
  const master = config.HAPROXY_MASTER_SOCKET;
  const oldWorkers = master === undefined ? undefined : new OldWorkers(master);
  const controller = new Controller({
    id,
    config,
    api,
    backendFile,
    oldWorkers,
    redis,
    messages,
    registry,
    clock,
    log,
  });
  lifecycle.onStop('controller', () => controller.stop());
  await controller.start();
  log.info('HAProxy is equal to the registry');
  process.send?.({ type: 'ready' });
}

async function show(config: ControllerConfig, json: boolean): Promise<void> {
  const clock = new SystemClock();
  const api = new RuntimeApi(config.HAPROXY_SOCKET);
  const redis = connect(config, 'controller-show');
  try {
    await Promise.all([
      answering(api, clock, config.HOKM_START_WAIT_MS),
      ready(redis, config, config.HOKM_START_WAIT_MS),
    ]);
    const registry = new Registry(redis, config.HOKM_LEASE_MS);
    const seen = await look({ config, api, redis, registry, now: clock.monotonic() });
    process.stdout.write(json ? `${JSON.stringify(seen, null, 2)}\n` : describe(seen, clock.now()));
  } finally {
    redis.disconnect();
  }
}

/** @throws HAProxyUnavailable when the admin socket does not answer within `timeoutMs`. */
async function answering(api: RuntimeApi, clock: SystemClock, timeoutMs: number): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  for (;;) {
    try {
      await api.worker();
      return;
    } catch (error) {
      if (clock.monotonic() > deadline) throw error;
      await sleep(clock, 30);
    }
  }
}

/** What an operator can put right is told in one line; anything else with its stack. */
function fail(error: unknown): never {
  const known =
    error instanceof ConfigError || error instanceof RedisUnavailable || error instanceof HAProxyUnavailable;
  process.stderr.write(`${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

await yargs(process.argv.slice(2))
  .scriptName(commandName('controller'))
  .usage('$0 [run|show]\n\nThe controller of one HAProxy; its settings are variables, the README lists them.')
  .example('HAPROXY_SOCKET=/run/haproxy/admin.sock $0', 'until SIGTERM; SIGHUP: reads LOG_LEVEL_FILE again')
  .command(
    ['run', '$0'],
    "Keep HAProxy's servers and pins equal to the registry",
    () => undefined,
    async () => run(controllerConfig()),
  )
  .command(
    'show',
    'Show servers, pins and what differs from Redis',
    (options) => options.option('json', { type: 'boolean', default: false, describe: 'as JSON' }),
    async ({ json }) => show(controllerConfig(), json),
  )
  .strict()
  .version(false)
  .fail((message, error) => fail(error ?? new ConfigError(message)))
  .parseAsync()
  .catch(fail);
