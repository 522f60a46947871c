/** `npm run rolling-restart`: restarts every instance of the local cluster while it is played on. */
import yargs from 'yargs';
import { launcherConfig } from '../../src/config.js';
import { connect, ready } from '../../src/redis/client.js';
import { SystemClock } from '../../src/runtime/clock.js';
import { DEFAULT_DATA, localCluster } from '../ops/local-cluster.js';
import { runTool, ToolFailed } from '../ops/tool.js';
import { serversUp } from './admin-socket.js';
import { askSupervisor } from './control-protocol.js';
import { RollingRestart } from './rolling-restart.js';
import { onStopSignals } from './stop-signals.js';

const REDIS_MS = 5_000;
/** Of a shell for a program that Ctrl-C ended. */
const KILLED = 130;

await runTool(async () => {
  const { data } = await yargs(process.argv.slice(2))
    .scriptName('npm run rolling-restart --')
    .usage('$0 [options]\n\nRestarts every instance of the running local cluster, one at a time, under load.')
    .option('data', { type: 'string', default: DEFAULT_DATA, defaultDescription: '.hokm', describe: 'its data folder' })
    .strict()
    .version(false)
    .fail((message, error) => {
      throw error ?? new ToolFailed(message);
    })
    .parseAsync();
  const cluster = localCluster(data);
  const config = { ...launcherConfig(), REDIS_URL: cluster.redis_url, HOKM_PREFIX: cluster.redis_prefix };
  const clock = new SystemClock();
  const redis = connect(config, 'rolling-restart');
  let interrupted = false;
  const tell = (line: string) => process.stdout.write(`${line}\n`);
  await ready(redis, config, REDIS_MS);
  const restart = new RollingRestart({
    ask: (request) => askSupervisor(cluster.control_socket, request),
    redis,
    portsUp: async () => {
      const up = await Promise.all(cluster.haproxies.map(({ socket }) => serversUp(socket)));
      const [first = new Set<string>(), ...others] = up;
      const everywhere = [...first].filter((place) => others.every((servers) => servers.has(place)));
      return new Set(everywhere.map((place) => Number(place.replace(/.*:/, ''))));
    },
    clock,
    tell,
    interrupted: () => interrupted,
  });
  onStopSignals(
    clock,
    () => {
      interrupted = true;
      tell('Stopping after the instance that is being restarted (Ctrl-C again: at once) …');
    },
    () => void restart.forget().finally(() => process.exit(KILLED)),
  );
  try {
    await restart.run();
    return 0;
  } finally {
    redis.disconnect();
  }
});
