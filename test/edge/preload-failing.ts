/**
 * Loaded into an instance before its program (`NODE_OPTIONS=--import`): at SIGUSR2 something fails that nobody catches, and
 * goes on failing, as `FAILS` says.
 */
import { isMainThread } from 'node:worker_threads';

const fail = (): void => {
  if (process.env.FAILS === 'promise') void Promise.reject(new Error('a promise that nobody looks at'));
  else throw new Error('an error that nobody catches');
};

if (isMainThread) {
  process.on('SIGUSR2', () => {
    setInterval(fail, 5);
    fail();
  });
}
