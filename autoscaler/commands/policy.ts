/** `policy validate`, `policy show`. */
import type { Argv } from 'yargs';
import { autoscalerConfig } from '../../src/config.js';
import { readPolicy } from '../policy/load.js';
import { jsonOption, policyOf, policyOptions } from './cluster.js';
import { print, printJson, say } from './output.js';

const POLICY_SCHEMA = 'hokm-autoscaler/policy-check@1';

export function policy(cli: Argv) {
  return cli.command('policy', 'Check a policy file, or show what holds', (options) =>
    options
      .command(
        'validate <file>',
        'Schema and contradictions, each mistake with its line',
        (validate) =>
          jsonOption(validate)
            .positional('file', { type: 'string', demandOption: true })
            .example('$0 policy validate policy.yaml', '')
            .epilog('Exit: 0 sound, 1 not.'),
        ({ file, json }) => {
          const parsed = readPolicy(file);
          const mistakes = 'mistakes' in parsed ? parsed.mistakes : [];
          if (json) printJson({ schema: POLICY_SCHEMA, file, ok: mistakes.length === 0, mistakes });
          else if (mistakes.length === 0) print(`${file}: sound`);
          else for (const mistake of mistakes) say(mistake);
          process.exitCode = mistakes.length === 0 ? 0 : 1;
        },
      )
      .command(
        'show',
        'The policy with all its defaults, as JSON',
        (show) => policyOptions(show).example('$0 policy show --set min=3', ''),
        (args) => {
          const replacer = (_: string, value: unknown) =>
            value instanceof Set ? undefined : isCron(value) ? value.text : value;
          print(JSON.stringify(policyOf(args, autoscalerConfig()), replacer, 2));
        },
      )
      .demandCommand(1, 'policy: validate or show?'),
  );
}

function isCron(value: unknown): value is { text: string } {
  return typeof value === 'object' && value !== null && 'text' in value && 'weekdays' in value;
}
