/** The autoscaler as a child: its policy for one machine, and what it tells of its decisions. */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Program } from './child.js';
import { type DataFolder, writePrivate } from './data-folder.js';
import { nodeProgram, type PlainReady, plainReady } from './node-programs.js';

export interface AutoscalerPlan {
  readonly file: string;
  /** With HOKM_POLICY where the operator has one of his own. */
  readonly environment: NodeJS.ProcessEnv;
  readonly controlSocket: string;
  readonly folder: DataFolder;
  /** Instances that the cluster starts with. */
  readonly instances: number;
  readonly tell: (line: string) => void;
}

const PLAYERS = 80;
const LEAST_MAX = 6;
const PER_CORE = 2;
/** Until three boots were measured, s. */
const BOOT_S = 3;
/** Its longest stop, with a run that is under way: 10 s. */
const STOP_MS = 12_000;

const decided = z.object({ type: z.literal('decided'), text: z.string() });

/** The policy file that counts: the operator's, or one that is written for this cluster. */
export function policyFile({ environment, folder, instances }: AutoscalerPlan): string {
  if (environment.HOKM_POLICY) return environment.HOKM_POLICY;
  const policy = {
    version: 1,
    mode: 'act',
    min: instances,
    max: Math.max(LEAST_MAX, PER_CORE * cpus().length, instances),
    boot_s: BOOT_S,
    instance: { players: PLAYERS },
    driver: { type: 'process' },
  };
  const file = join(folder.path, 'policy.json');
  writePrivate(file, `${JSON.stringify(policy, undefined, 2)}\n`);
  return file;
}

/** @param policy its file */
export function autoscalerProgram(plan: AutoscalerPlan, policy: string): Program<PlainReady> {
  const env = { ...plan.environment, HOKM_POLICY: policy, HOKM_SUPERVISOR_SOCKET: plan.controlSocket };
  const program = nodeProgram('autoscaler', plan.file, env, plainReady, { stopMs: STOP_MS, pauseMs: 1_000 });
  return {
    ...program,
    args: [...program.args, 'run'],
    ready: (child, gone) => {
      child.on('message', (message) => {
        const parsed = decided.safeParse(message);
        if (parsed.success) plan.tell(`autoscaler: ${parsed.data.text}`);
      });
      return program.ready(child, gone);
    },
  };
}
