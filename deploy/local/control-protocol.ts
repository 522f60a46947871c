/**
 * The supervisor's control socket: its whole protocol, and the client of it.
 *
 * A unix socket, mode 0600, whose path is `control_socket` in DATA/cluster.json. Requests and answers are JSON objects,
 * one a line. The requests of one connection are worked off one after the other, answers come in the same order; what
 * shall run side by side goes over several connections.
 *
 *     {"request":"status"}                        {"ok":true,"state":"running","pid":41,"instances":2}
 *     {"request":"list"}                          {"ok":true,"children":[{"kind":"instance","name":"instance-1",
 *                                                   "id":"game-K3Q9TZ2M","pid":43,"port":40123,"state":"ready"}, ...]}
 *     {"request":"add-instance","key":"any"}      {"ok":true,"id":"game-9W2M4XTB","name":"instance-3","pid":57,"port":40125}
 *     {"request":"stop-instance","id":"game-..."} {"ok":true,"id":"game-...","exit_code":0,"signal":null}
 *     anything that cannot be done                {"ok":false,"code":"UNKNOWN_INSTANCE","error":"one line for people"}
 *
 * - `add-instance` answers when the instance is ready (HAProxy may need a moment more), or with START_FAILED. Sent again
 *   with the same `key` it starts no second one.
 * - `stop-instance` sends SIGTERM, waits until the instance has given its rooms away, and kills it after 27 s. It is not
 *   started again. Sent again it answers the same. `id` may also be the child's `name`, which every child has at all times.
 * - Both take a `fencing` number, as the autoscaler's lock gives it: one lower than the highest seen is OUTDATED.
 * - An exit that nobody asked for is made good: the instance comes back under the same name and another id.
 * - A change of the number lasts until the cluster stops.
 */
import { connect } from 'node:net';
import { z } from 'zod';

/** Longest request, bytes; whoever sends more is cut off. */
export const LONGEST_REQUEST = 4_096;

const word = z.string().min(1).max(64);
const fencing = z.int().optional();
export const requestSchema = z.discriminatedUnion('request', [
  z.strictObject({ request: z.literal('status') }),
  z.strictObject({ request: z.literal('list') }),
  z.strictObject({ request: z.literal('add-instance'), key: word.optional(), fencing }),
  z.strictObject({ request: z.literal('stop-instance'), id: word, fencing }),
]);
export type ControlRequest = z.output<typeof requestSchema>;

/** starting: for the first time. restarting: it ended unasked. stopping: on request. */
const phase = z.enum(['starting', 'ready', 'restarting', 'stopping']);
export type Phase = z.output<typeof phase>;

const childSchema = z.object({
  kind: z.enum(['redis', 'haproxy', 'controller', 'instance', 'autoscaler']),
  name: z.string(),
  /** Of an instance that is ready, else null. */
  id: z.string().nullable(),
  pid: z.number().nullable(),
  port: z.number().nullable(),
  state: phase,
});
export type ControlChild = z.output<typeof childSchema>;

/** How a process ended; a signal that nobody catches leaves no code. */
export interface Exit {
  readonly exit_code: number | null;
  readonly signal: string | null;
}

export const ERROR_CODES = [
  'BAD_REQUEST',
  'UNKNOWN_INSTANCE',
  'START_FAILED',
  'TOO_MANY',
  'OUTDATED',
  'STOPPING',
  'FAILED',
] as const;
export type ControlErrorCode = (typeof ERROR_CODES)[number];

const answers = {
  status: z.object({ state: z.enum(['running', 'stopping']), pid: z.number(), instances: z.number() }),
  list: z.object({ children: z.array(childSchema) }),
  'add-instance': z.object({ id: z.string(), name: z.string(), pid: z.number(), port: z.number() }),
  'stop-instance': z.object({ id: z.string(), exit_code: z.number().nullable(), signal: z.string().nullable() }),
};
export type ControlAnswer<Name extends ControlRequest['request']> = z.output<(typeof answers)[Name]>;

const refusalSchema = z.object({ ok: z.literal(false), code: z.enum(ERROR_CODES), error: z.string() });

/** The supervisor cannot do what it was asked for; `message` is one line for people. */
export class ControlError extends Error {
  override readonly name = 'ControlError';

  constructor(
    /** NO_ANSWER: whether it was done is not known. */
    readonly code: ControlErrorCode | 'NO_ANSWER',
    message: string,
  ) {
    super(message);
  }
}

/** Above the longest start and the longest stop, ms. */
const ANSWER_MS = 60_000;

/**
 * One request on a connection of its own.
 * @throws ControlError
 */
export function askSupervisor<Name extends ControlRequest['request']>(
  socketPath: string,
  request: Extract<ControlRequest, { request: Name }>,
  timeoutMs = ANSWER_MS,
): Promise<ControlAnswer<Name>> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(socketPath, () => socket.write(`${JSON.stringify(request)}\n`));
    const unanswered = (why: string) =>
      reject(new ControlError('NO_ANSWER', `The cluster's supervisor does not answer "${request.request}" (${why}).`));
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, () => {
      unanswered(`waited ${timeoutMs / 1000} s`);
      socket.destroy();
    });
    socket.on('data', (part: string) => {
      text += part;
      if (!text.includes('\n')) return;
      socket.destroy();
      try {
        const parsed: unknown = JSON.parse(text);
        const refusal = refusalSchema.safeParse(parsed);
        if (refusal.success) reject(new ControlError(refusal.data.code, refusal.data.error));
        else resolve(answers[request.request].parse(parsed) as ControlAnswer<Name>);
      } catch {
        unanswered('what it says is not understood');
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => unanswered(error.code ?? error.message));
    socket.on('close', () => unanswered('it is gone'));
  });
}
