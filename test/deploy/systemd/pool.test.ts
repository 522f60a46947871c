/**
 * The command driver for a pool of hosts, with the scripts that run on both sides. What is beneath them cannot run in a test:
 * ssh hands its words over as sshd does with a forced command, and systemctl keeps a file for each unit that is active.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { CommandDriver, type CommandPolicy } from '../../../autoscaler/drivers/command.js';
import { policySchema } from '../../../autoscaler/policy/schema.js';
import { driverContract } from '../../autoscaler/driver-contract.js';
import { temporaryFolder } from '../../support/programs.js';
import { SYSTEMD } from './installed.js';

const POOL = ['10.0.0.1', '10.0.0.2'];
const PROGRAMS: Readonly<Record<string, string>> = {
  ssh: `for word; do at=$before; before=$word; done; host=\${at#*@}
test -d "$HOSTS/$host" || { echo "ssh: connect to host $host port 22: No route to host" >&2; exit 255; }
SSH_ORIGINAL_COMMAND=$word HOME=$HOSTS/$host exec sh ${SYSTEMD}/pool/agent.sh`,
  sudo: 'test "$1" = -n && shift; exec "$@"',
  systemctl: `mkdir -p "$HOME/active"; case $1 in
list-units) for unit in "$HOME"/active/*; do test -e "$unit" && echo "\${unit##*/} loaded active running Hokm"; done; exit 0 ;;
start) test -e "$HOSTS/broken" && { echo "Unit not found." >&2; exit 5; }; touch "$HOME/active/$3" ;;
stop) rm -f "$HOME/active/$3" ;;
esac`,
};

async function pool() {
  const folder = await temporaryFolder();
  const hosts = join(folder.path, 'hosts');
  for (const host of POOL) await mkdir(join(hosts, host, 'active'), { recursive: true });
  const bin = join(folder.path, 'bin');
  await mkdir(bin);
  for (const [name, text] of Object.entries(PROGRAMS)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  }
  const settings = join(folder.path, 'pool');
  await mkdir(settings);
  await writeFile(join(settings, 'hosts'), `# two\n${POOL.map((host) => `${host} 7000 7001`).join('\n')}\n`);
  const { driver: policy } = policySchema.parse(parse(readFileSync(join(SYSTEMD, 'policy.yaml'), 'utf8')));
  const here = (words: readonly string[]) => words.map((word) => word.replace('/opt/hokm/deploy/systemd', SYSTEMD));
  const { start, stop, list, timeout_s } = policy as CommandPolicy;
  const commands = { type: 'command', start: here(start), stop: here(stop), list: here(list), timeout_s } as const;
  const environment = { PATH: `${bin}:/usr/bin:/bin`, POOL: settings, HOSTS: hosts };
  /** Another one knows nothing of the orders of the first. */
  const another = () => new CommandDriver(commands, environment);
  const running = async () => {
    const units = await Promise.all(POOL.map((host) => readdir(join(hosts, host, 'active')).catch(() => [])));
    return units.flatMap((names, at) => names.map((name) => `${POOL[at]}:${/@(\d+)/.exec(name)?.[1]}`));
  };
  return { driver: another(), another, environment, hosts, running, folder };
}

driverContract('pool of hosts by ssh', async () => {
  const { driver, hosts, running, folder } = await pool();
  return {
    driver,
    running,
    breakStarts: () => writeFile(join(hosts, 'broken'), ''),
    breakAll: () => rm(hosts, { recursive: true }),
    end: () => folder.remove(),
  };
});

test('instances go to the host with the fewest; one that does not answer is passed over; a full pool says so', async () => {
  const { driver, hosts, running, folder } = await pool();
  try {
    expect(await driver.start('a', 1)).toBe('10.0.0.1:7000');
    expect(await driver.start('b', 1)).toBe('10.0.0.2:7000');
    await rm(join(hosts, '10.0.0.2'), { recursive: true });
    expect(await driver.start('c', 1)).toBe('10.0.0.1:7001');
    await expect(driver.start('d', 1)).rejects.toThrow(/no host of the pool has a free port/);
    expect((await running()).toSorted()).toEqual(['10.0.0.1:7000', '10.0.0.1:7001']);
    // By its place in the registry.
    await driver.stop({ id: 'game-ABC', host: '10.0.0.1', port: 7000 }, 1);
    expect(await running()).toEqual(['10.0.0.1:7001']);
  } finally {
    await folder.remove();
  }
});

test('a host refuses orders of an autoscaler that has lost its lock to another, and any other command', async () => {
  const { driver, another, environment, hosts, folder } = await pool();
  try {
    await driver.start('a', 7);
    await expect(another().stop({ handle: '10.0.0.1:7000' }, 6)).rejects.toThrow(/outdated: 6, 7 has been seen/);
    for (const order of ['start 80 7', 'start 7000;id 7', 'reboot', 'stop 7000', 'start 70$(id) 7', '']) {
      const env = { ...environment, HOME: join(hosts, POOL[0] ?? ''), SSH_ORIGINAL_COMMAND: order };
      const asked = spawnSync('sh', [join(SYSTEMD, 'pool/agent.sh')], { env });
      expect([order, asked.status]).toEqual([order, 1]);
    }
  } finally {
    await folder.remove();
  }
});
