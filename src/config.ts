/**
 * The one place that reads the environment. Each process parses its variables once, at start, into a frozen object; all
 * mistakes are told at once.
 *
 * Any variable may come from a file instead: NAME_FILE names it, as secret stores and orchestrators put secrets in place.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isWildcard, Networks, parseHost, parseHostPort } from './runtime/address.js';

const milliseconds = (byDefault: number) => z.coerce.number().int().min(0).max(86_400_000).default(byDefault);
const port = z.coerce.number().int().min(0).max(65_535);
const list = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((item) => item.trim()))
  .transform((items) => items.filter((item) => item !== ''));
const refused = (ctx: z.RefinementCtx, message: string) => {
  ctx.addIssue({ code: 'custom', message });
  return z.NEVER;
};
/** A name or an address; an IPv6 address with or without brackets. */
const host = z
  .string()
  .transform((text, ctx) => parseHost(text) ?? refused(ctx, 'expected a host name, or an IP address without a zone'));
const hostPort = z
  .string()
  .transform(
    (text, ctx) => parseHostPort(text) ?? refused(ctx, 'expected host:port,host:port; IPv6 as [address]:port'),
  );
/** No colon: `PREFIX:*` is then nobody else's. Not `service`, which is how every registry begins. */
const PREFIX = /^(?!service$)[a-z][a-z0-9-]{0,31}$/;

export const DEFAULT_PREFIX = 'hokm';

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

const redisShape = {
  /** Before the names of all keys and channels: clusters with different ones can share a Redis. */
  HOKM_PREFIX: z
    .string()
    .regex(PREFIX, 'expected 1 to 32 small letters, digits and "-", beginning with a letter; not "service"')
    .default(DEFAULT_PREFIX),
  /** `redis://` or `rediss://` with user, password and database number. */
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .refine(
      (url) => !URL.canParse(url) || /^\/?\d{0,4}$/.test(new URL(url).pathname),
      'the path must be the number of a database, as in /0',
    )
    .refine(
      (url) => !URL.canParse(url) || new URL(url).search + new URL(url).hash === '',
      'nothing may follow the path',
    )
    .refine(
      (url) => !URL.canParse(url) || isDecodable(new URL(url)),
      'a "%" in user or password must be written as %25, other special characters as %XX',
    )
    .default('redis://127.0.0.1:6379'),
  /** `host:port,host:port`: when set, the primary is asked from these sentinels; credentials come from REDIS_URL. */
  REDIS_SENTINELS: list.pipe(z.array(hostPort)),
  REDIS_MASTER_NAME: z.string().min(1).default('hokm'),
  REDIS_SENTINEL_PASSWORD: z.string().min(1).optional(),
  /** PEM file of the authority that signed Redis' certificate, for rediss://. */
  REDIS_CA_FILE: z.string().min(1).optional(),
  /** Copies that `replicated` rooms wait for a majority of, the primary included. */
  REDIS_COPIES: z.coerce.number().int().min(1).max(9).default(1),
};

const commonShape = {
  ...redisShape,
  /** How long what a process needs (Redis, HAProxy) may take to answer when it starts. */
  HOKM_START_WAIT_MS: milliseconds(10_000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Time to live of an instance's registration: the lease under which it owns rooms. */
  HOKM_LEASE_MS: milliseconds(5_000).pipe(z.number().min(500)),
  HOKM_HEARTBEAT_MS: milliseconds(1_000).pipe(z.number().min(50)),
};

const instanceSchema = z
  .object({
    ...commonShape,
    /** Address that the instance listens on. */
    HOKM_HOST: host.default('127.0.0.1'),
    /** 0 takes a free port. */
    HOKM_PORT: port.default(0),
    /** Address under which HAProxy and the other instances reach this one; HOKM_HOST when not set. */
    HOKM_ADVERTISED_HOST: host
      .refine((advertised) => !isWildcard(advertised), 'every address of a host is none that others can reach')
      .optional(),
    HOKM_REGION: z.string().min(1).max(40).default('local'),
    HOKM_ZONE: z.string().min(1).max(40).default('local'),
    /** Rooms that the instance takes before it calls itself full. */
    HOKM_CAPACITY: z.coerce.number().int().min(1).max(100_000).default(5_000),
    /** Browser origins that may open sockets, beside the page's own host. */
    HOKM_ORIGINS: list,
    /** Shared by all instances; marks forwarded requests. */
    HOKM_CLUSTER_SECRET: z.string('must be set: the same 16 or more characters for all instances').min(16),
    /** Known too while the secret is being changed: the next one before its turn, the last one after it. */
    HOKM_CLUSTER_SECRET_ALSO: z.string().min(16).optional(),
    /** Bearer token for /metrics and /status. */
    HOKM_OPS_TOKEN: z.string().min(16).optional(),
    /** Networks whose operators need no token, as `10.0.0.0/8,::1`; not loopback either where it is not among them. */
    HOKM_OPS_NETWORKS: list.transform((texts, ctx) => {
      try {
        return new Networks(texts);
      } catch {
        return refused(ctx, 'expected addresses and networks, as 10.0.0.0/8,::1');
      }
    }),
    /** Names under which operators ask this instance, beside its addresses, its own host and localhost. */
    HOKM_OPS_HOSTS: list,
    /** Where players find the cluster when something before HAProxy takes TLS off, or changes the name. */
    HOKM_PUBLIC_URL: z
      .url({ protocol: /^https?$/ })
      .refine(
        (url) => !URL.canParse(url) || new URL(url).href === `${new URL(url).origin}/`,
        'expected a scheme and a host, as in https://hokm.example',
      )
      .transform((url) => new URL(url).origin)
      .optional(),
    HOKM_TURN_MS: milliseconds(20_000).pipe(z.number().min(100)),
    HOKM_BOT_DELAY_MS: milliseconds(700),
    HOKM_HOLD_MS: milliseconds(60_000),
    /** A room that nobody is connected to is closed after this. */
    HOKM_IDLE_ROOM_MS: milliseconds(600_000).pipe(z.number().min(100)),
    HOKM_PING_MS: milliseconds(25_000).pipe(z.number().min(100)),
    /** Messages a second that one socket may send; twice as many at a time. */
    HOKM_MESSAGE_RATE: z.coerce.number().int().min(1).max(100_000).default(10),
    /** Public tables at which people of one address may hold seats at once. */
    HOKM_MAX_PUBLIC_TABLES_PER_IP: z.coerce.number().int().min(1).max(1_000_000).default(4),
    /** Log entries kept behind the snapshot, for clients that come back and for the public log. */
    HOKM_LOG_KEEP: z.coerce.number().int().min(0).max(1_000_000).default(1_024),
    HOKM_DRAIN_MS: milliseconds(25_000),
    /** Where Redis keeps its files, if that is a folder of this host. */
    HOKM_REDIS_FOLDER: z.string().min(1).optional(),
    /** New rooms are refused while the disk of that folder has less free. */
    HOKM_MIN_FREE_MB: z.coerce.number().int().min(0).max(1_000_000).default(64),
  })
  .refine((env) => env.HOKM_HEARTBEAT_MS * 3 <= env.HOKM_LEASE_MS, {
    path: ['HOKM_HEARTBEAT_MS'],
    message: 'must be at most a third of HOKM_LEASE_MS',
    // Beside the mistakes in other variables, not after them.
    when: ({ issues }) => issues.every(({ path }) => !/^HOKM_(HEARTBEAT|LEASE)_MS$/.test(String(path?.[0]))),
  })
  .refine(({ HOKM_HOST, HOKM_ADVERTISED_HOST }) => HOKM_ADVERTISED_HOST !== undefined || !isWildcard(HOKM_HOST), {
    path: ['HOKM_ADVERTISED_HOST'],
    message:
      'must be set to an address that HAProxy and the other instances reach, where HOKM_HOST means every address',
    when: ({ issues }) => issues.every(({ path }) => !/^HOKM_(ADVERTISED_)?HOST$/.test(String(path?.[0]))),
  });

const controllerSchema = z.object({
  ...commonShape,
  /** Path of HAProxy's admin socket. */
  HAPROXY_SOCKET: z.string().min(1),
  /** Path of the socket of HAProxy's master (-S), at level admin: workers that were replaced are reached through it. */
  HAPROXY_MASTER_SOCKET: z.string().min(1).optional(),
  /** The copy of game.cfg that HAProxy is started with: it is kept with all servers in it. */
  HAPROXY_BACKEND_FILE: z.string().min(1).optional(),
  /** The pause between full reconciles. */
  HOKM_RECONCILE_MS: milliseconds(2_000).pipe(z.number().min(50)),
  /** From taking a server out of HAProxy to deleting it; below 15 s streams that retry may still refer to it. */
  HOKM_DELETE_WAIT_MS: milliseconds(15_000),
});

const autoscalerSchema = z.object({
  ...commonShape,
  /** Neither this nor sentinels: the cluster that `npm start` runs on this machine. */
  REDIS_URL: redisShape.REDIS_URL.removeDefault().optional(),
  /** Policy file, YAML or JSON; without one the defaults hold, which are advisory. */
  HOKM_POLICY: z.string().min(1).optional(),
  /** Control socket of the local supervisor, for the process driver. */
  HOKM_SUPERVISOR_SOCKET: z.string().min(1).optional(),
  /** Life of the lock that daemon and cron jobs share; renewed at a third of it. */
  HOKM_AUTOSCALER_LOCK_MS: milliseconds(15_000).pipe(z.number().min(300)),
});

const redisSchema = z.object(redisShape);

const launcherSchema = z.object({
  ...redisShape,
  /** Not set: the local cluster runs a Redis of its own. */
  REDIS_URL: redisShape.REDIS_URL.removeDefault().optional(),
  HOKM_CLUSTER_SECRET: z.string().min(16).optional(),
  HOKM_OPS_TOKEN: z.string().min(16).optional(),
});

/** Of the operators' tools; what they are told by --data comes from the data folder instead. */
const operatorSchema = launcherSchema.extend({ HAPROXY_SOCKET: z.string().min(1).optional() });

const terminalSchema = z.object({
  /** Any value: no colours; see no-color.org. */
  NO_COLOR: z.string().optional(),
  TERM: z.string().optional(),
});

export type InstanceConfig = Readonly<z.output<typeof instanceSchema>>;
export type ControllerConfig = Readonly<z.output<typeof controllerSchema>>;
/** `environment` is what the command driver's commands inherit. */
export type AutoscalerConfig = Readonly<z.output<typeof autoscalerSchema>> & {
  readonly environment: NodeJS.ProcessEnv;
};
/** `environment` is what the launcher's programs inherit. */
export type LauncherConfig = Readonly<z.output<typeof launcherSchema>> & { readonly environment: NodeJS.ProcessEnv };
export type OperatorConfig = Readonly<z.output<typeof operatorSchema>>;
export type RedisConfig = Readonly<z.output<typeof redisSchema>>;

/** What the terminal that a person sits at can show. */
export interface TerminalConfig {
  readonly colour: boolean;
  /** It cannot be redrawn in place. */
  readonly dumb: boolean;
}

/** The environment does not make sense; `message` names every wrong variable, each on a line of its own where there are more. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws ConfigError */
export const instanceConfig = (env: NodeJS.ProcessEnv = process.env): InstanceConfig => parse(instanceSchema, env);
/** @throws ConfigError */
export const controllerConfig = (env: NodeJS.ProcessEnv = process.env): ControllerConfig =>
  parse(controllerSchema, env);
/** How to reach Redis, and nothing else. @throws ConfigError */
export const redisConfig = (env: NodeJS.ProcessEnv = process.env): RedisConfig => parse(redisSchema, env);
/** @throws ConfigError */
export const autoscalerConfig = (env: NodeJS.ProcessEnv = process.env): AutoscalerConfig =>
  Object.freeze({ ...parse(autoscalerSchema, env), environment: { ...env } });
/** @throws ConfigError */
export const launcherConfig = (env: NodeJS.ProcessEnv = process.env): LauncherConfig => {
  // For some of these the launcher gives its programs other values. What came from a file is handed on as a value: a program
  // refuses a variable that is set in both ways.
  const environment = { ...env };
  for (const name of new Set(
    [instanceSchema, controllerSchema, autoscalerSchema].flatMap((of) => Object.keys(of.shape)),
  )) {
    const { value } = readVariable(env, name);
    // Read again while they run.
    if (name === 'LOG_LEVEL' || !env[`${name}${FROM_FILE}`] || value === undefined) continue;
    delete environment[`${name}${FROM_FILE}`];
    environment[name] = value;
  }
  return Object.freeze({ ...parse(launcherSchema, env), environment });
};
/** @throws ConfigError */
export const operatorConfig = (env: NodeJS.ProcessEnv = process.env): OperatorConfig => parse(operatorSchema, env);
export const terminalConfig = (env: NodeJS.ProcessEnv = process.env): TerminalConfig => {
  const { NO_COLOR, TERM } = parse(terminalSchema, env);
  return Object.freeze({ colour: NO_COLOR === undefined, dumb: TERM === 'dumb' });
};

/** How a command is typed where this one was: as a script of npm in a checkout, else by the name of the program. */
export function commandName(command: string, env: NodeJS.ProcessEnv = process.env): string {
  if (env.npm_lifecycle_event === undefined) return `hokm ${command}`;
  return command === 'start' ? 'npm start --' : `npm run ${command} --`;
}

const FROM_FILE = '_FILE';

/** The value of a variable, from the environment or from the file that NAME_FILE names; `mistake` says why it has none. */
function readVariable(env: NodeJS.ProcessEnv, name: string): { readonly value?: string; readonly mistake?: string } {
  const [value, file] = [env[name], env[`${name}${FROM_FILE}`]].map((text) => (text === '' ? undefined : text));
  if (file === undefined) return value === undefined ? {} : { value };
  const wrong = (why: string) => ({ mistake: `${name}${FROM_FILE} ("${file}"): ${why}` });
  if (value !== undefined) return wrong(`${name} is set as well; only one of them may be`);
  try {
    const text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    if (text === '') return wrong('the file is empty');
    return /[\r\n]/.test(text) ? wrong('the file has more than one line') : { value: text };
  } catch (error) {
    return wrong(`the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function parse<Schema extends z.ZodObject>(schema: Schema, env: NodeJS.ProcessEnv): Readonly<z.output<Schema>> {
  const read = Object.keys(schema.shape).map((name) => [name, readVariable(env, name)] as const);
  const set = Object.fromEntries(read.flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]])));
  const unread = new Map(read.flatMap(([name, { mistake }]) => (mistake === undefined ? [] : [[name, mistake]])));
  const parsed = schema.safeParse(set);
  if (parsed.success && unread.size === 0) return Object.freeze(parsed.data);
  const issues = (parsed.error?.issues ?? []).filter(({ path }) => !unread.has(String(path[0])));
  const lines = issues.map((issue) => {
    const name = String(issue.path[0] ?? 'environment');
    const given =
      set[name] === undefined ? 'not set' : /PASSWORD|SECRET|TOKEN|URL/.test(name) ? 'set' : `"${set[name]}"`;
    return `${name} (${given}): ${issue.message}`;
  });
  lines.unshift(...unread.values());
  const apart = lines.length === 1 ? ' ' : '\n  ';
  throw new ConfigError(`The configuration is not usable:${apart}${lines.join(apart)}`);
}
