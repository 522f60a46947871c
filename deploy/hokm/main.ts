#!/usr/bin/env node
/** `hokm`: the one program of the cluster. Each command is a program of its own, loaded when it is asked for. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { packageRoot } from '../../src/runtime/package-root.js';
import { runTool, ToolFailed } from '../ops/tool.js';

/** What it does, and its file, which runs when it is imported. */
const COMMANDS: Readonly<Record<string, readonly [about: string, file: string]>> = {
  game: ['One game instance, until SIGTERM', 'dist/deploy/hokm/game.js'],
  controller: ["Keeps an HAProxy's servers and pins equal to the registry", 'dist/haproxy/main.js'],
  autoscaler: ['How many instances there are: run, status, explain, drain, …', 'dist/autoscaler/main.js'],
  room: ['What is going on in rooms: explain, list, retry', 'dist/deploy/ops/room.js'],
  haproxy: ['What the HAProxies have, and their reload: show, reload', 'dist/deploy/ops/haproxy.js'],
  redis: ['What an operator has to tell Redis: acl', 'dist/deploy/ops/redis.js'],
  'rolling-restart': ['Restarts every instance while it is played on', 'dist/deploy/ops/rolling-restart-main.js'],
  start: ['A whole cluster on this machine, until Ctrl-C', 'dist/deploy/local/main.js'],
  play: ['A player in the terminal', 'dist/src/client/terminal/main.js'],
};

const EXIT =
  'Exit: 0 done, 1 failed or misused (one line on stderr), 130 ended by Ctrl-C. Commands with more codes list them.';
/** What the script for the shell asks, before the words so far. */
const COMPLETE = '--get-yargs-completions';

/** Runs the command in this very process, so that signals and exit codes need no passing on. */
async function run(file: string, args: readonly string[]): Promise<void> {
  const url = new URL(file, packageRoot);
  process.argv = [process.execPath, fileURLToPath(url), ...args];
  await import(url.href);
}

const args = process.argv.slice(2);
const [first = '', own, named, ...words] = args;
/** The command, and what it is given; to complete its words is its own work. */
const [name = '', rest] = first !== COMPLETE ? [first, args.slice(1)] : [named, [COMPLETE, own ?? '', ...words]];
const command = Object.hasOwn(COMMANDS, name) && (first !== COMPLETE || words.length > 0) ? COMMANDS[name] : undefined;

if (command) await run(command[1], rest);
else {
  await runTool(async () => {
    const { version } = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as { version: string };
    const cli = yargs(args)
      .scriptName('hokm')
      .usage('$0 <command> [options]\n\nA horizontally scaled card-game cluster that never loses a move.')
      .version(version)
      .strict()
      .recommendCommands()
      .completion('completion', 'Prints a script that lets bash or zsh complete words: hokm completion >> ~/.bashrc')
      .demandCommand(1, 'Which command? hokm --help lists them.')
      .example('$0 start', 'a cluster on this machine')
      .example('HOKM_CLUSTER_SECRET_FILE=/run/secrets/cluster $0 game', 'an instance; all settings are variables')
      .example('REDIS_URL=redis://10.0.0.5 $0 room explain 7KQ2M9XZ', 'one room, from all sides')
      .epilog(EXIT)
      .wrap(Math.min(110, process.stdout.columns ?? 110))
      .fail((message, error) => {
        throw error ?? new ToolFailed(message.trim().split('\n').at(-1) ?? message);
      });
    for (const [word, [about]] of Object.entries(COMMANDS)) cli.command(word, about);
    await cli.parseAsync();
    return 0;
  });
}
