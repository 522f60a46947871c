/** The process of one game instance: its parts on this machine. */
import { newInstanceId } from './cluster/new-ids.js';
import { instanceConfig } from './config.js';
import { createInstance } from './instance/create-instance.js';
import { realPorts } from './instance/real-ports.js';
import { exitWithOneLine } from './runtime/exit.js';
import { changeLevel } from './runtime/log.js';

async function main(): Promise<void> {
  const config = instanceConfig();
  const ports = realPorts(config, newInstanceId());
  const { self, lifecycle } = createInstance(config, ports);
  await lifecycle.start();
  lifecycle.stopOnSignals();
  lifecycle.reloadOnHangUp(() => changeLevel(ports.log, instanceConfig().LOG_LEVEL));
  lifecycle.stopOnErrors();
  lifecycle.stopWithParent();
  ports.log.info({ port: self.port }, 'ready');
  process.send?.({ type: 'ready', id: self.id, port: self.port });
}

main().catch(exitWithOneLine);
