/** By hand: `drain`, `undrain`, `move`, `scale`, `pause`, `resume`. Every hold ends by itself. */
import type { Argv } from 'yargs';
import { type InstanceId, readRoomCode } from '../../src/protocol/ids.js';
import { sleep } from '../../src/runtime/clock.js';
import type { Hand } from '../decide/state.js';
import { inWordsOf, parseDuration } from '../duration.js';
import { Lock } from '../lock.js';
import type { Order } from '../store.js';
import { Told } from '../told.js';
import {
  type Cluster,
  type ClusterArgs,
  clusterConfig,
  clusterOptions,
  type PolicyArgs,
  policyOf,
  policyOptions,
  runnerFor,
  withCluster,
} from './cluster.js';
import { print, printJson, say } from './output.js';

const HAND_SCHEMA = 'hokm-autoscaler/hand@1';
const AGAIN_MS = 500;

export function drain(cli: Argv) {
  return cli
    .command(
      'drain <id>',
      'Empty an instance and stop it',
      (options) =>
        clusterOptions(policyOptions(options))
          .positional('id', { type: 'string', demandOption: true })
          .option('deadline', { type: 'string', requiresArg: true, describe: 'what is left then is stored, as 60s' })
          .example('$0 drain game-K3Q9TZ2M --deadline 60s', ''),
      async (args) => {
        const deadline =
          args.deadline === undefined ? {} : { deadline_s: parseDuration(args.deadline, '--deadline') / 1000 };
        await give(args, async (cluster) => {
          await known(cluster, args.id);
          return { kind: 'drain', id: args.id, ...deadline };
        });
      },
    )
    .command(
      'undrain <id>',
      'Call a drain off, as long as the instance has not been stopped',
      (options) => clusterOptions(policyOptions(options)).positional('id', { type: 'string', demandOption: true }),
      async (args) => {
        await give(args, async (cluster) => {
          await known(cluster, args.id);
          const { drains } = await cluster.store.state();
          const drain = drains.find(({ id }) => id === args.id);
          if (!drain) throw new Told(`${args.id} is not being drained by the autoscaler.`);
          if (drain.step === 'stopping') throw new Told(`${args.id} has been told to stop already.`);
          return { kind: 'undrain', id: args.id };
        });
      },
    );
}

export function move(cli: Argv) {
  return cli.command(
    'move <code> <id>',
    'Move a room to an instance',
    (options) =>
      clusterOptions(policyOptions(options))
        .positional('code', { type: 'string', demandOption: true })
        .positional('id', { type: 'string', demandOption: true })
        .example('$0 move 7KQ2-M9XD game-K3Q9TZ2M', ''),
    async (args) => {
      await give(args, async (cluster) => {
        const room = readRoomCode(args.code);
        if (room === undefined) throw new Told(`"${args.code}" is no room code.`);
        const target = await known(cluster, args.id);
        if (target.status !== 'ready') throw new Told(`${args.id} is ${target.status}: it takes no rooms.`);
        return { kind: 'move', room, to: args.id };
      });
    },
  );
}

export function scale(cli: Argv) {
  return cli
    .command(
      'scale <count>',
      'Hold a number of instances for a while, within min and max',
      (options) =>
        clusterOptions(options)
          .positional('count', { type: 'number', demandOption: true })
          .option('hold', { type: 'string', demandOption: true, requiresArg: true, describe: 'how long, as 30m' })
          .example('$0 scale 6 --hold 30m', ''),
      async (args) => {
        const { count, hold } = args;
        if (!Number.isInteger(count) || count < 0) throw new Told('scale: the number must be whole, 0 or more.');
        const ms = parseDuration(hold, '--hold');
        await change(
          args,
          (hand, now) => ({ ...hand, hold: { count, until: now + ms } }),
          `${count} instances are held for ${inWordsOf(ms)}.`,
        );
      },
    )
    .command(
      'pause',
      'No scale-in, no scale-out, or neither, for a while',
      (options) =>
        clusterOptions(options)
          .option('scale-in', { type: 'boolean', default: false, describe: 'only scale-in' })
          .option('scale-out', { type: 'boolean', default: false, describe: 'only scale-out' })
          .option('for', { type: 'string', demandOption: true, requiresArg: true, describe: 'how long, as 2h' })
          .example('$0 pause --scale-in --for 2h', ''),
      async (args) => {
        const ms = parseDuration(args.for, '--for');
        const both = args['scale-in'] === args['scale-out'];
        const what = both ? 'Scaling' : args['scale-in'] ? 'Scale-in' : 'Scale-out';
        await change(
          args,
          (hand, now) => ({
            ...hand,
            ...(both || args['scale-in'] ? { pauseIn: now + ms } : {}),
            ...(both || args['scale-out'] ? { pauseOut: now + ms } : {}),
          }),
          `${what} is paused for ${inWordsOf(ms)}.`,
        );
      },
    )
    .command(
      'resume',
      'End all pauses and holds',
      (options) => clusterOptions(options),
      async (args) => change(args, () => ({ pauseIn: 0, pauseOut: 0 }), 'All pauses and holds are ended.'),
    );
}

async function change(
  args: ClusterArgs & { json: boolean },
  next: (hand: Hand, now: number) => Hand,
  text: string,
): Promise<void> {
  await withCluster(
    args,
    'hand',
    async ({ store, redis }) => {
      const [seconds] = await redis.time();
      const hand = next(await store.hand(), Number(seconds) * 1000);
      await store.saveHand(hand);
      const lock = await store.lockHolder();
      if (args.json) printJson({ schema: HAND_SCHEMA, ...hand, autoscaler: lock?.holder ?? null });
      else print(`${text}${lock ? '' : ' No autoscaler runs now: it takes effect with the next run.'}`);
    },
    'warn',
  );
}

async function known({ registry }: Cluster, id: string) {
  const instance = await registry.get(id as InstanceId);
  if (!instance) throw new Told(`There is no instance ${id}. \`status\` lists them.`);
  return instance;
}

/** Leaves the order to the autoscaler that runs; without one, carries it out and follows it to its end. */
async function give(args: PolicyArgs & { json: boolean }, make: (cluster: Cluster) => Promise<Order>): Promise<void> {
  const policy = policyOf(args, clusterConfig(args));
  await withCluster(
    args,
    'hand',
    async (cluster) => {
      const { store, clock } = cluster;
      const order = await make(cluster);
      await store.order(order);
      const taken = await Lock.take(cluster.lock);
      if (!('lock' in taken)) {
        if (args.json) printJson({ schema: HAND_SCHEMA, order, left_to: taken.holder });
        else print(`Left to ${taken.holder}, which does it with its next run.`);
        return;
      }
      try {
        const { runner, driver } = runnerFor(cluster, policy, { by: 'hand', advisory: true });
        let record = await runner.run(taken.lock);
        for (;;) {
          for (const { text, outcome, error } of record.actions) {
            if (outcome === 'done') say(text);
            if (outcome === 'failed') throw new Told(`${text}: ${error}`);
          }
          const { drains } = await store.state();
          if (order.kind !== 'drain' || !drains.some(({ id }) => id === order.id)) break;
          await sleep(clock, AGAIN_MS);
          record = await runner.run(taken.lock);
        }
        await driver.close();
        if (args.json) printJson({ schema: HAND_SCHEMA, order, left_to: null });
        else print('Done.');
      } finally {
        await taken.lock.release();
      }
    },
    'warn',
  );
}
