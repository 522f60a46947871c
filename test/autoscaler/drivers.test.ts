/** Both drivers against the contract: `command` with shell scripts, `process` with the supervisor's own socket. */
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { CommandDriver } from '../../autoscaler/drivers/command.js';
import { NoDriver } from '../../autoscaler/drivers/none.js';
import { ProcessDriver, supervisorAt } from '../../autoscaler/drivers/process.js';
import { ControlError, type ControlRequest } from '../../deploy/local/control-protocol.js';
import { ControlSocket } from '../../deploy/local/control-socket.js';
import { temporaryFolder } from '../support/programs.js';
import { driverContract } from './driver-contract.js';

/** A cloud whose machines are files. */
const SCRIPTS = {
  start:
    'test -e "$0.broken" && { echo "no capacity left" >&2; exit 3; }; name=vm-$$; touch "$1/$name"; echo "created $name"',
  stop: 'test -n "$HOKM_FENCING" || exit 9; rm -f "$1/$2"',
  list: 'for vm in "$1"/*; do test -e "$vm" && basename "$vm"; done; exit 0',
};

async function scripts() {
  const folder = await temporaryFolder();
  const machines = await temporaryFolder();
  for (const [name, script] of Object.entries(SCRIPTS)) {
    const file = join(folder.path, name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }
  const command = (name: string) => join(folder.path, name);
  const driver = new CommandDriver(
    {
      type: 'command',
      start: [command('start'), machines.path],
      stop: [command('stop'), machines.path, '{handle}'],
      list: [command('list'), machines.path],
      timeout_s: 5,
    },
    { PATH: '/usr/bin:/bin' },
  );
  return { folder, machines, driver, command };
}

driverContract('command', async () => {
  const { folder, machines, driver, command } = await scripts();
  return {
    driver,
    running: () => readdir(machines.path),
    breakStarts: () => writeFile(command('start.broken'), ''),
    breakAll: () => rm(folder.path, { recursive: true }),
    end: async () => {
      await folder.remove();
      await machines.remove();
    },
  };
});

driverContract('process', async () => {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'control.sock');
  const instances = new Map<string, { id: string; key: string | undefined }>();
  let broken = false;
  let count = 0;
  // As the supervisor of `npm start` answers, without processes.
  const handle = async (request: ControlRequest): Promise<object> => {
    switch (request.request) {
      case 'status':
        return { state: 'running', pid: 1, instances: instances.size };
      case 'list':
        return {
          children: [
            { kind: 'redis', name: 'redis', id: null, pid: 1, port: 1, state: 'ready' },
            ...[...instances].map(([name, { id }]) => ({
              kind: 'instance',
              name,
              id,
              pid: 1,
              port: 1,
              state: 'ready',
            })),
          ],
        };
      case 'add-instance': {
        if (broken) throw new ControlError('START_FAILED', 'instance 1 does not start (exit code 1).');
        const known = [...instances].find(([, { key }]) => key !== undefined && key === request.key);
        const name = known?.[0] ?? `instance-${++count}`;
        const id = known?.[1].id ?? `game-${count}`;
        instances.set(name, { id, key: request.key });
        return { id, name, pid: 1, port: 1 };
      }
      case 'stop-instance': {
        const found = [...instances].find(([name, { id }]) => name === request.id || id === request.id);
        if (found) instances.delete(found[0]);
        return { id: request.id, exit_code: 0, signal: null };
      }
    }
  };
  const socket = new ControlSocket(path, handle);
  await socket.listen();
  return {
    driver: new ProcessDriver(supervisorAt(path), 1_000),
    running: async () => [...instances.keys()],
    breakStarts: async () => {
      broken = true;
    },
    breakAll: async () => socket.close(),
    end: async () => {
      socket.close();
      await folder.remove();
    },
  };
});

test('commands that fail, hang or say nothing are told in one line', async () => {
  const run = (start: string[], timeout_s = 5) =>
    new CommandDriver({ type: 'command', start, stop: ['true'], list: ['true'], timeout_s }, {}).start('k', 1);
  await expect(run(['/bin/sh', '-c', 'echo broken >&2; exit 7'])).rejects.toThrow(
    /start command .* ended with 7: broken/,
  );
  await expect(run(['/bin/true'])).rejects.toThrow('printed no handle');
  await expect(run(['/nowhere/start'])).rejects.toThrow(/ENOENT/);
  await expect(run(['/bin/sh', '-c', 'exec sleep 30'], 0.1)).rejects.toThrow(/took longer than 0.1 s/);
  await expect(run(['/bin/sh', '-c', 'echo "key {key} fence {fencing}"'])).resolves.toBe('1');
});

test('without a driver nothing can be started, and that is said', async () => {
  await expect(new NoDriver().start()).rejects.toThrow('names no driver');
});
