/** The launcher with the stubs in the place of the cluster's programs. */
import { fileURLToPath } from 'node:url';
import { launch } from '../../../deploy/local/launcher.js';
import { packageRoot } from '../../../src/runtime/package-root.js';

const programs = {
  instance: fileURLToPath(new URL('instance.js', import.meta.url)),
  autoscaler: fileURLToPath(new URL('dist/autoscaler/main.js', packageRoot)),
  controller: fileURLToPath(new URL('controller.js', import.meta.url)),
  haproxyConfig: fileURLToPath(new URL('test/deploy/stubs/haproxy.cfg', packageRoot)),
  haproxyBackend: fileURLToPath(new URL('test/deploy/stubs/game.cfg', packageRoot)),
};

process.exit(await launch(process.argv.slice(2), programs));
