/** `hokm game`: one instance, set up by its environment alone. */
import { setFlagsFromString } from 'node:v8';
import { INSTANCE_FLAGS } from '../local/node-programs.js';
import { commandLine, runTool } from '../ops/tool.js';

await runTool(async () => {
  await commandLine(
    'game',
    'One game instance: plays rooms until SIGTERM, then gives them away and ends with 0.',
    '[options]',
  )
    .example('HOKM_CLUSTER_SECRET=… $0', 'on this machine, with the Redis of this machine')
    .example('HOKM_HOST=0.0.0.0 HOKM_ADVERTISED_HOST=10.0.0.7 HOKM_PORT=7000 $0', 'reached by others')
    .example('HOKM_CLUSTER_SECRET_FILE=/run/secrets/cluster $0', 'any variable can come from a file')
    .epilog(
      'Its settings are variables; the README lists them. SIGHUP: reads LOG_LEVEL_FILE again. Exit: 0 stopped in order, 1 else.',
    )
    .parseAsync();
  // Before the instance makes anything.
  for (const flag of INSTANCE_FLAGS) setFlagsFromString(flag);
  await import('../../src/main.js');
  // It ends by itself.
  return new Promise<never>(() => undefined);
});
