/** What the operators' command-line tools have in common. */
import yargs, { type Argv } from 'yargs';
import { commandName } from '../../src/config.js';

/** A tool cannot do what it was asked for; `message` is all that is told. */
export class ToolFailed extends Error {
  override readonly name = 'ToolFailed';
}

/** Errors whose message says all that an operator needs. */
const TOLD = new Set([
  ...['ToolFailed', 'ConfigError', 'RedisUnavailable', 'ControlError', 'HAProxyUnavailable'],
  // Of the autoscaler's policy and drivers.
  ...['Told', 'DriverError'],
]);

/** Runs a tool to its exit code; what goes wrong is told on stderr, in one line where that is enough, and gives 1. */
export async function runTool(tool: () => Promise<number>): Promise<never> {
  let code = 1;
  try {
    code = await tool();
  } catch (error) {
    const { name, message, stack } = error as Error;
    process.stderr.write(`${TOLD.has(name) ? message : (stack ?? message)}\n`);
  }
  // A pipe takes what is left before the exit.
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit(code);
}

/**
 * The arguments of `hokm NAME`, for commands and options to be added; a wrong one is told in one line.
 * @param words what follows the name
 */
export function commandLine(name: string, about: string, words = 'COMMAND [options]'): Argv {
  return yargs(process.argv.slice(2))
    .scriptName(commandName(name))
    .usage(`$0 ${words}\n\n${about}`)
    .strict()
    .version(false)
    .fail((message, error) => {
      throw error ?? new ToolFailed(message);
    });
}
