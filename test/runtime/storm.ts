/** A process with a fault that says the same in every turn. */
import { createLogger } from '../../src/runtime/log.js';

const log = createLogger('info', { process: 'storm' });
for (let at = 0; at < 20_000; at++) {
  log.error({ err: new Error(`fault ${at}`), at }, 'answer failed');
  log.warn('Redis is away');
  log.debug('too fine to be told');
}
log.info('another');
