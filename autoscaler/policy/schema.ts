/** The policy: what the autoscaler is told by its operator. Every field has a default that was measured, see README. */
import { z } from 'zod';
import { parseCron } from './cron.js';

const whole = (min: number, max: number) => z.number().int().min(min).max(max);
const share = z.number().min(0).max(1);
const name = z.string().min(1).max(60);

/** As Docker takes names. */
const composeName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,59}$/, 'expected letters, digits, "_", "." and "-"');

const timeZone = z.string().refine((zone) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}, 'is no time zone, as Europe/Berlin');

const cron = z.string().transform((text, context) => {
  const parsed = parseCron(text);
  if (typeof parsed !== 'string') return parsed;
  context.addIssue({ code: 'custom', message: parsed });
  return z.NEVER;
});

const scheduleSchema = z.strictObject({
  name,
  /** When the window opens: minute, hour, day of month, month, day of week. */
  cron,
  /** How long it stays open, on the wall clock of its zone. */
  minutes: whole(1, 7 * 1440),
  time_zone: timeZone.default('UTC'),
  /** At least so many instances, ready when the window opens. */
  min: whole(1, 10_000),
});

const loadSchema = z
  .strictObject({
    /** What one instance holds. */
    players: z.number().positive().max(1e6).default(100),
    connections: z.number().positive().max(1e6).optional(),
    rooms: z.number().positive().max(1e6).optional(),
    /** Share of a core that an instance may use. */
    cpu: z.number().positive().max(64).default(0.7),
    /** Share of memory that may be used: of `memory_mb`, else of a host that the instance has for itself. */
    memory: share.default(0.8),
    memory_mb: z.number().positive().max(1e7).optional(),
    /** Event loop delay, p99: above it an instance is hot. */
    loop_delay_ms: z.number().positive().max(10_000).default(50),
  })
  .prefault({});

const forecastSchema = z
  .strictObject({
    /**
     * Where safety costs `dearest_margin`, an instance more is had while it is needed with a probability above 1 - this;
     * where it costs a share s of that, with s² times as little.
     */
    up_quantile: z.number().min(0.5).max(0.99999).default(0.999),
    /** Instances that will be needed with a probability above 1 - this are not stopped, at the same dearest price. */
    in_quantile: z.number().min(0.5).max(0.99999).default(0.9),
    /** Mean margin, as share of the mean load, that safety may cost at most. */
    dearest_margin: z.number().min(0).max(5).default(0.25),
    /** Days over which candidates are judged. */
    days: whole(1, 28).default(14),
  })
  .prefault({});

const scaleInSchema = z
  .strictObject({
    /** Not below what was wanted at any time of the last minutes; by default 58 % of boot time and 3 minutes. */
    window_min: whole(0, 120).optional(),
    /** Share of the ready instances that may drain at a time; one always may. */
    drain_budget: share.default(0.25),
    /** A drain is over then, whatever is left: seconds where rooms can move, minutes where they cannot. */
    movable_deadline_s: whole(1, 3600).default(25),
    stuck_deadline_min: whole(1, 1440).default(240),
    /** No scale-in for so long after a boot that failed. */
    after_failed_boot_min: whole(0, 120).default(10),
  })
  .prefault({});

const guardSchema = z
  .strictObject({
    /** Players below this share of their 10-minute maximum, and below the 1 % forecast: an outage, not an evening. */
    drop: share.default(0.75),
    hold_min: whole(1, 600).default(60),
    /** Players back to this share of what they were end the hold. */
    back: share.default(0.97),
  })
  .prefault({});

const panicSchema = z
  .strictObject({
    /** Load at this share of the ready instances, and above what was forecast for now. */
    share: z.number().min(0.5).max(1).default(0.95),
    factor: z.number().min(1).max(4).default(1.25),
    hold_min: whole(0, 120).default(10),
  })
  .prefault({});

const costSchema = z
  .strictObject({
    currency: z.string().min(1).max(8).default('EUR'),
    /** An hour of an instance, by its type; `default` for all others. */
    price_per_hour: z.record(z.string(), z.number().min(0)).default({ default: 0.1 }),
    /** Paid in steps of this. */
    quantum_s: whole(1, 86_400).default(60),
    /** What a boot costs, in minutes of an instance, beside the time it takes. */
    boot_cost_min: z.number().min(0).max(600).default(0),
  })
  .prefault({});

const rebalanceSchema = z
  .strictObject({
    enabled: z.boolean().default(true),
    /** An instance above this share of its players, and above `ratio` times the mean, gives rooms away. */
    hot: share.default(0.85),
    ratio: z.number().min(1).max(10).default(1.25),
    /** Rooms moved in one plan, and the pause before the next. */
    moves: whole(1, 1000).default(8),
    pause_s: whole(1, 3600).default(30),
  })
  .prefault({});

const driverSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('process'),
    /** Of the local supervisor; by default HOKM_SUPERVISOR_SOCKET. */
    socket: z.string().min(1).optional(),
  }),
  z.strictObject({
    type: z.literal('command'),
    /** Run without a shell; each gets HOKM_FENCING. `start` prints the handle, `stop` gets it, `list` prints all. */
    start: z.array(z.string()).min(1),
    stop: z.array(z.string()).min(1),
    list: z.array(z.string()).min(1),
    timeout_s: whole(1, 600).default(30),
  }),
  z.strictObject({
    type: z.literal('docker'),
    /** Of the engine. Whoever may use it is root on its host. */
    socket: z.string().min(1).default('/var/run/docker.sock'),
    /** Instances are made like the containers of this service of a compose project. */
    project: composeName.default('hokm'),
    service: composeName.default('game'),
    timeout_s: whole(1, 600).default(30),
  }),
  z.strictObject({ type: z.literal('none') }),
]);

export const policySchema = z
  .strictObject({
    version: z.literal(1),
    /** advisory: decides and says, touches nothing. */
    mode: z.enum(['advisory', 'act']).default('advisory'),
    min: whole(0, 10_000).default(1),
    max: whole(1, 10_000).default(20),
    /** Instances beyond what is needed. */
    spare: whole(0, 1000).default(0),
    tick_s: whole(1, 600).default(15),
    /** Boot time until 3 boots were measured; then their p95 is used. */
    boot_s: z.number().min(0.1).max(3600).default(120),
    instance: loadSchema,
    forecast: forecastSchema,
    scale_in: scaleInSchema,
    guard: guardSchema,
    panic: panicSchema,
    schedules: z.array(scheduleSchema).max(100).default([]),
    cost: costSchema,
    rebalance: rebalanceSchema,
    driver: driverSchema.prefault({ type: 'none' }),
  })
  .check((context) => {
    const policy = context.value;
    const contradiction = (path: (string | number)[], message: string) =>
      context.issues.push({ code: 'custom', path, message, input: policy });
    if (policy.min > policy.max) contradiction(['min'], `is ${policy.min}, above max, ${policy.max}`);
    if (policy.forecast.in_quantile > policy.forecast.up_quantile) {
      contradiction(['forecast', 'in_quantile'], 'is above up_quantile: what was just started would not be stopped');
    }
    if (policy.guard.back <= policy.guard.drop) contradiction(['guard', 'back'], 'must be above guard.drop');
    for (const [at, schedule] of policy.schedules.entries()) {
      if (schedule.min > policy.max) {
        contradiction(['schedules', at, 'min'], `is ${schedule.min}, above max, ${policy.max}`);
      }
      if (policy.schedules.findIndex((other) => other.name === schedule.name) !== at) {
        contradiction(['schedules', at, 'name'], `"${schedule.name}" is there twice`);
      }
    }
    if (policy.mode === 'act' && policy.driver.type === 'none') {
      contradiction(['driver'], 'is missing: mode act needs one');
    }
  });

export type Policy = Readonly<z.output<typeof policySchema>>;
export type DriverPolicy = Policy['driver'];
export type Schedule = Policy['schedules'][number];
