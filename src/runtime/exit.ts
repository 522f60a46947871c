/** How a process ends that cannot start: one line that says what to do, and a non-zero exit. */

/** Errors whose message is meant for whoever starts the process. */
const TOLD = new Set(['ConfigError', 'RedisUnavailable']);

export function exitWithOneLine(error: unknown): never {
  const { name, message, code, stack } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (TOLD.has(name)) process.stderr.write(`${message}\n`);
  else if (code === 'EADDRINUSE')
    process.stderr.write(`${message.replace('listen EADDRINUSE: ', '')}. Choose another with HOKM_PORT.\n`);
  else if (code === 'EACCES' && message.startsWith('listen'))
    process.stderr.write(`${message.replace('listen EACCES: ', '')}. Choose a port above 1023 with HOKM_PORT.\n`);
  else if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    process.stderr.write(`${message}. Choose an address of this host with HOKM_HOST.\n`);
  else process.stderr.write(`${stack ?? message}\n`);
  process.exit(1);
}
