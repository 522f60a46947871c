/** The cluster's own programs: they tell by IPC when they are ready, and end by themselves when the channel closes. */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { InstanceId } from '../../src/protocol/ids.js';
import { packageRoot } from '../../src/runtime/package-root.js';
import type { Program } from './child.js';
import { numbered } from './haproxy.js';

const instanceReady = z.object({
  type: z.literal('ready'),
  id: z.string().transform((id) => id as InstanceId),
  port: z.number().int(),
});
export const plainReady = z.object({ type: z.literal('ready') });

export type InstanceReady = z.output<typeof instanceReady>;
export type PlainReady = z.output<typeof plainReady>;

/**
 * The survivors first take over the rooms of an instance that died: on a small machine the start of its successor, most
 * of a second of processor time, would double the time that the players wait.
 */
const SUCCESSOR_MS = 1_000;

/**
 * How V8 keeps an instance's memory.
 *
 * It makes things in the old generation from the start where most of what the same line made before has lasted. In rooms that
 * are opened and wait, everything lasts; after that each move's state would be garbage that only a full collection finds,
 * with all that it refers to. And an instance has one core: the helpers that collect in parallel only take turns with it there.
 */
export const INSTANCE_FLAGS: readonly string[] = ['--no-allocation-site-pretenuring', '--no-parallel-scavenge'];

/** @param position from 1; the instance has an id of its own at every start, its log keeps this name. */
export function instanceProgram(file: string, position: number, env: NodeJS.ProcessEnv): Program<InstanceReady> {
  // Draining takes up to 25 s by itself.
  return nodeProgram(`instance ${position}`, file, env, instanceReady, {
    stopMs: 27_000,
    pauseMs: SUCCESSOR_MS,
    flags: INSTANCE_FLAGS,
  });
}

/** @param position of its HAProxy, from 1. */
export function controllerProgram(file: string, position: number, env: NodeJS.ProcessEnv): Program<PlainReady> {
  return nodeProgram(numbered('controller', position), file, env, plainReady, { stopMs: 5_000, pauseMs: 100 });
}

/** A program of ours that tells `message` when it is ready. */
export function nodeProgram<Schema extends z.ZodType>(
  title: string,
  file: string,
  env: NodeJS.ProcessEnv,
  message: Schema,
  { stopMs, pauseMs, flags = [] }: { stopMs: number; pauseMs: number; flags?: readonly string[] },
): Program<z.output<Schema>> {
  return {
    title,
    logName: title.replace(' ', '-'),
    command: process.execPath,
    args: ['--enable-source-maps', ...flags, file],
    env,
    folder: fileURLToPath(packageRoot),
    ipc: true,
    mark: file,
    startMs: 20_000,
    pauseMs,
    stopMs,
    ready: (child, gone) => firstMessage(child, gone, message),
  };
}

function firstMessage<Schema extends z.ZodType>(
  child: ChildProcess,
  gone: AbortSignal,
  schema: Schema,
): Promise<z.output<Schema>> {
  return new Promise((resolve, reject) => {
    gone.addEventListener('abort', () => reject(new Error('ended before it was ready')));
    child.on('message', (message) => {
      const parsed = schema.safeParse(message);
      if (parsed.success) resolve(parsed.data);
    });
  });
}
