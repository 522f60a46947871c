/** The autoscaler's command line: one file a group of commands. */
import yargs from 'yargs';
import { ConfigError, commandName } from '../src/config.js';
import { backtest } from './commands/backtest.js';
import { drain, move, scale } from './commands/hand.js';
import { policy } from './commands/policy.js';
import { explain, forecast } from './commands/show.js';
import { status } from './commands/status.js';
import { once, plan, run } from './commands/work.js';

/** Errors whose message is meant for whoever runs the command. */
const TOLD = new Set(['Told', 'ToolFailed', 'ConfigError', 'RedisUnavailable', 'DriverError', 'LockLost']);

function fail(error: unknown): never {
  const { name, message, stack } = error as Error;
  process.stderr.write(`${TOLD.has(name) ? message : (stack ?? message)}\n`);
  process.exit(1);
}

// The reader of a pipe may go away first.
process.stdout.on('error', () => process.exit());

const cli = yargs(process.argv.slice(2))
  .scriptName(commandName('autoscaler'))
  .usage('$0 <command>\n\nKeeps just enough instances: sees, forecasts, decides with reasons, moves rooms.')
  .example('$0 status --watch', 'what there is, and what is under way')
  .example('$0 explain', 'why this number')
  .parserConfiguration({ 'populate--': false })
  .strict()
  .version(false)
  .demandCommand(1, 'Which command? --help lists them.')
  .wrap(process.stdout.isTTY ? Math.min(120, process.stdout.columns) : 100)
  .fail((message, error) => fail(error ?? new ConfigError(message)));

for (const register of [status, plan, once, run, explain, forecast, backtest, drain, move, scale, policy])
  register(cli);
await cli.parseAsync().catch(fail);
