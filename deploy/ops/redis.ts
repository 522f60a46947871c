/** `npm run redis`: what an operator has to tell Redis. Connects to nothing. */
import { readFileSync } from 'node:fs';
import { redisConfig } from '../../src/config.js';
import { aclLine } from './acl.js';
import { commandLine, runTool, ToolFailed } from './tool.js';

/** Shorter ones are guessed. */
const SHORTEST_PASSWORD = 16;
/** The one that goes and the one that comes. */
const MOST_PASSWORDS = 2;

function passwordIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ToolFailed(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  const password = text.replace(/\r?\n$/, '');
  if (/[\r\n]/.test(password)) throw new ToolFailed(`${file} has more than one line.`);
  if (password.length < SHORTEST_PASSWORD) {
    throw new ToolFailed(`The password in ${file} has fewer than ${SHORTEST_PASSWORD} characters.`);
  }
  return password;
}

await runTool(async () => {
  await commandLine('redis', 'What an operator has to tell Redis; connects to nothing.')
    .command(
      'acl',
      'The line that makes a Redis user with only the rights that the cluster of HOKM_PREFIX needs',
      (options) =>
        options
          .option('user', { type: 'string', default: 'hokm', describe: 'name of the user' })
          .option('waitaof', {
            type: 'boolean',
            default: false,
            describe: 'for Redis from 7.2 on: `replicated` rooms then wait for the disks of copies, not their memory',
          })
          .option('password-file', {
            type: 'string',
            array: true,
            nargs: 1,
            describe: 'file that holds the password, on its only line; twice while it is changed: both are good',
          }),
      ({ user, waitaof, passwordFile }) => {
        if (!/^[\w.-]{1,64}$/.test(user)) throw new ToolFailed('--user takes letters, digits, ".", "_" and "-".');
        const passwords = (passwordFile ?? []).map(passwordIn);
        if (passwords.length > MOST_PASSWORDS) throw new ToolFailed('--password-file is given more than twice.');
        process.stdout.write(`${aclLine(user, passwords, { prefix: redisConfig().HOKM_PREFIX, newer: waitaof })}\n`);
        if (passwords.length === 0) {
          process.stderr.write('Without --password-file the user has no password, and nobody can log in as it.\n');
        }
      },
    )
    .example('$0 acl --password-file /run/secrets/redis | redis-cli', 'and ACL SAVE, where Redis has an ACL file')
    .demandCommand(1, 'Which command? acl.')
    .parseAsync();
  return 0;
});
