/** `npm run room`: what is going on in the rooms of a cluster. Changes nothing, but for `retry`. */
import { readRoomCode } from '../../src/protocol/ids.js';
import { type ClusterAccess, reachCluster } from './cluster-access.js';
import { Inspector } from './inspect.js';
import { describeRoom, describeRooms } from './room-report.js';
import { commandLine, runTool, ToolFailed } from './tool.js';

const print = (json: boolean, value: unknown, text: () => string) =>
  void process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : text());

async function look(data: string | undefined, use: (inspector: Inspector) => Promise<void>): Promise<void> {
  const access: ClusterAccess = await reachCluster(data);
  try {
    await use(new Inspector(access));
  } finally {
    access.redis.disconnect();
  }
}

await runTool(async () => {
  await commandLine('room', 'What is going on in the rooms of a cluster; only retry changes anything.')
    .example('$0 explain 7KQ2M9XZ', '')
    .example('REDIS_URL=redis://10.0.0.5 $0 list --json', 'of any cluster')
    .option('data', {
      type: 'string',
      describe: 'data folder of a local cluster; without it REDIS_URL or REDIS_SENTINELS count, else .hokm',
    })
    .option('json', { type: 'boolean', default: false, describe: 'as JSON, with its schema' })
    .command(
      'explain <code>',
      'Owner, epochs, seats, sockets, pins and recent errors of one room',
      (options) => options.positional('code', { type: 'string', demandOption: true }),
      async ({ code, data, json }) => {
        const room = readRoomCode(code);
        if (room === undefined) throw new ToolFailed(`${JSON.stringify(code)} is no room code.`);
        await look(data, async (inspector) => {
          const report = await inspector.explain(room);
          if (!report) throw new ToolFailed(`There is no room ${room}.`);
          print(json, { schema: 'hokm/room@1', ...report }, () => describeRoom(report));
        });
      },
    )
    .command(
      'list',
      'All rooms, one a line',
      () => undefined,
      async ({ data, json }) =>
        look(data as string | undefined, async (inspector) => {
          const { rooms, complete } = await inspector.list();
          print(json === true, { schema: 'hokm/rooms@1', complete, rooms }, () => describeRooms(rooms, complete));
        }),
    )
    .command(
      'retry <code>',
      'Lets a room that was set aside as failed be opened again',
      (options) => options.positional('code', { type: 'string', demandOption: true }),
      async ({ code, data }) => {
        const room = readRoomCode(code);
        if (room === undefined) throw new ToolFailed(`${JSON.stringify(code)} is no room code.`);
        await look(data as string | undefined, async (inspector) => {
          const retried = await inspector.retry(room).catch((error: Error) => {
            throw new ToolFailed(
              `It is not known whether ${room} may be opened again (${error.message}). Look with explain, and try again.`,
            );
          });
          if (!retried) throw new ToolFailed(`${room} is not set aside.`);
          process.stdout.write(`${room} is opened again when somebody comes to it.\n`);
        });
      },
    )
    .demandCommand(1, 'Which command? explain CODE, list or retry CODE.')
    .parseAsync();
  return 0;
});
