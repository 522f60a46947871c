/** Units, environment files and firewall rules of deploy/systemd, as install.sh puts them in place. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { policySchema } from '../../../autoscaler/policy/schema.js';
import { autoscalerConfig, controllerConfig, instanceConfig } from '../../../src/config.js';
import { packageRoot } from '../../../src/runtime/package-root.js';
import { HOSTS, type InstalledHost, type InstalledHosts, newHosts, SYSTEMD, sh } from './installed.js';

const UNITS = join(SYSTEMD, 'units');
const units = readdirSync(UNITS);
const services = units.filter((name) => name.endsWith('.service'));
const inRepository = (path: string) => readFileSync(new URL(path, packageRoot), 'utf8');

let hosts: InstalledHosts;
let first: InstalledHost;
let third: InstalledHost;
beforeAll(() => {
  hosts = newHosts();
  first = hosts.install(HOSTS[0]);
  third = hosts.install(HOSTS[2]);
});
afterAll(() => hosts.remove());

/** `NAME=value` lines; with `examples` also those that are commented out. */
function variables(text: string, examples = false): [name: string, value: string][] {
  const line = examples ? /^#?([A-Z][A-Z0-9_]*)=(.*)$/gm : /^([A-Z][A-Z0-9_]*)=(.*)$/gm;
  return [...text.matchAll(line)].map(([, name = '', value = '']) => [name, value]);
}

const all = (unit: string, key: string) =>
  [...readFileSync(join(UNITS, unit), 'utf8').matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(
    ([, value]) => value ?? '',
  );

const seconds = (unit: string) => Number(/^(\d+)s$/.exec(all(unit, 'TimeoutStopSec')[0] ?? '')?.[1]);

test('every unit file is sections of keys with values', () => {
  expect(units.length).toBeGreaterThanOrEqual(8);
  for (const name of units) {
    const odd = readFileSync(join(UNITS, name), 'utf8')
      .split('\n')
      .filter((line) => !/^(#.*|\[(Unit|Service|Timer|Install)\]|[A-Z][A-Za-z]+=.*|)$/.test(line));
    expect([name, odd]).toEqual([name, []]);
  }
});

const analyze = (...args: string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' });
const canAnalyze = analyze('--version').status === 0;
// Skipped where the program is missing: npm test installs no systemd.
const withAnalyze = canAnalyze ? test : test.skip;

withAnalyze('systemd reads every unit without a word (skipped where there is no systemd-analyze)', () => {
  const { root } = first;
  const folder = join(root, 'etc/systemd/system');
  // All that the units refer to, in the root of the host.
  for (const target of [
    'sysinit',
    'basic',
    'shutdown',
    'network-online',
    'multi-user',
    'timers',
    'time-set',
    'time-sync',
  ]) {
    writeFileSync(join(folder, `${target}.target`), `[Unit]\nDescription=${target}\n`);
  }
  const programs = services.flatMap((name) => [...all(name, 'ExecStart'), ...all(name, 'ExecReload')]);
  for (const program of new Set(programs.map((line) => line.split(' ')[0] ?? ''))) {
    mkdirSync(dirname(join(root, program)), { recursive: true });
    writeFileSync(join(root, program), '#!/bin/sh\n');
    chmodSync(join(root, program), 0o755);
  }
  const names = units.map((name) => name.replace('@.', '@7000.'));
  const { status, stdout, stderr } = analyze('verify', `--root=${root}`, ...names);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});

withAnalyze('no service is exposed above 3.0 (skipped where there is no systemd-analyze)', () => {
  for (const name of services) {
    const { stdout } = analyze('security', '--offline=true', '--no-pager', join(UNITS, name));
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]);
    expect([name, exposure]).toEqual([name, expect.any(Number)]);
    expect([name, exposure <= 3]).toEqual([name, true]);
  }
});

test('every unit gets more time to stop than its program takes', () => {
  const game = variables(first.read('etc/hokm/game.env')).find(([name]) => name === 'HOKM_DRAIN_MS')?.[1];
  const drainMs = instanceConfig({ HOKM_CLUSTER_SECRET: 'secret-of-the-tests', HOKM_DRAIN_MS: game }).HOKM_DRAIN_MS;
  // What the programs set themselves, where no variable does.
  const inSource = (path: string) =>
    Number(/const STOP_MS = ([\d_]+);/.exec(inRepository(path))?.[1]?.replace('_', ''));
  const deadlines: Readonly<Record<string, number>> = {
    'hokm-game@.service': drainMs,
    'hokm-controller.service': inSource('haproxy/main.ts'),
    'hokm-autoscaler.service': inSource('autoscaler/commands/work.ts'),
    'hokm-autoscaler-once.service': inSource('autoscaler/commands/work.ts'),
  };
  for (const [name, deadline] of Object.entries(deadlines)) {
    expect([name, deadline]).toEqual([name, expect.any(Number)]);
    expect([name, seconds(name) * 1000 >= deadline + 5_000]).toEqual([name, true]);
  }
  for (const name of services) expect([name, seconds(name)]).toEqual([name, expect.any(Number)]);
});

test('every program that a unit starts is there, or a package of the system brings it', () => {
  const commands = /^const COMMANDS[^{]*\{([\s\S]*?)^\};/m.exec(inRepository('deploy/hokm/main.ts'))?.[1] ?? '';
  const known = [...commands.matchAll(/^ {2}'?([a-z-]+)'?:/gm)].map(([, name]) => name);
  for (const name of services) {
    const [program = '', first = '', second = ''] = (all(name, 'ExecStart')[0] ?? '').split(' ');
    if (program === '/usr/local/bin/hokm') expect([name, known]).toEqual([name, expect.arrayContaining([first])]);
    else if (program === '/bin/sh') expect(inRepository(first.replace('/opt/hokm/', ''))).toMatch(/^#!\/bin\/sh\n/);
    else expect([name, program, second]).toEqual([name, expect.stringMatching(/^\/usr\/bin\/redis-/), '']);
    expect([name, all(name, 'StartLimitIntervalSec')]).toEqual([name, name.includes('once') ? [] : ['0']]);
  }
});

test('every variable in an environment file is one that its program reads', () => {
  const schemas: Readonly<Record<string, RegExp>> = {
    cluster: /^const (?:redisShape|commonShape) = \{([\s\S]*?)^\};/gm,
    game: /^const instanceSchema = z([\s\S]*?)^const /gm,
    controller: /^const controllerSchema = z([\s\S]*?)^const /gm,
    autoscaler: /^const autoscalerSchema = z([\s\S]*?)^const /gm,
  };
  const config = inRepository('src/config.ts');
  for (const [file, part] of Object.entries(schemas)) {
    const shape = [...config.matchAll(part)].map(([, body]) => body).join('');
    const known = new Set([...shape.matchAll(/^ {2,4}([A-Z][A-Z0-9_]*):/gm)].map(([, name]) => name));
    expect([file, known.size]).not.toEqual([file, 0]);
    const strange = variables(inRepository(`deploy/systemd/env/${file}.env`), true)
      .map(([name]) => name)
      .filter((name) => !known.has(name) && !known.has(name.replace(/_FILE$/, '')));
    expect([file, strange]).toEqual([file, []]);
  }
  const haproxy = inRepository('haproxy/haproxy.cfg');
  for (const [name] of variables(inRepository('deploy/systemd/env/haproxy.env'), true)) {
    expect([name, haproxy.includes(`\${${name}}`)]).toEqual([name, true]);
  }
});

test('each program accepts its environment as it is put in place', () => {
  const here = (text: string) => text.replaceAll('/etc/hokm', join(first.root, 'etc/hokm'));
  const env = (...names: string[]) =>
    Object.fromEntries(names.flatMap((name) => variables(here(first.read(`etc/hokm/${name}.env`)))));
  expect(instanceConfig({ ...env('cluster', 'game'), HOKM_PORT: '7000' })).toMatchObject({
    REDIS_SENTINELS: HOSTS.map((host) => ({ host, port: 26379 })),
    REDIS_URL: `redis://hokm:${hosts.secret('redis_password')}@127.0.0.1:6379`,
    HOKM_ADVERTISED_HOST: HOSTS[0],
    HOKM_CLUSTER_SECRET: hosts.secret('cluster_secret'),
    LOG_LEVEL: 'info',
  });
  const controller = controllerConfig(env('cluster', 'controller'));
  // HAProxy and controller speak of the same files.
  const script = inRepository('deploy/systemd/haproxy.sh');
  expect(controller.HAPROXY_SOCKET).toBe(env('haproxy').HAPROXY_SOCKET);
  const folder = dirname(controller.HAPROXY_SOCKET);
  expect(script).toContain(`$run/${controller.HAPROXY_MASTER_SOCKET?.replace(`${folder}/`, '')},mode,600,level,admin`);
  expect(script).toContain(`-f "$run/${controller.HAPROXY_BACKEND_FILE?.replace(`${folder}/`, '')}"`);
  for (const unit of ['hokm-haproxy.service', 'hokm-controller.service']) {
    expect(all(unit, 'RuntimeDirectory').map((name) => `/run/${name}`)).toEqual([folder]);
    expect(all(unit, 'User')).toEqual(['hokm-haproxy']);
  }
  const { HOKM_POLICY = '' } = autoscalerConfig(env('cluster', 'autoscaler'));
  expect(policySchema.parse(parse(readFileSync(HOKM_POLICY, 'utf8')))).toMatchObject({ mode: 'advisory' });
});

test('secrets are for their owner alone, and the settings beside them are for every service', () => {
  const place = join(hosts.folder, 'fresh/etc/hokm');
  sh('secrets.sh', join(place, 'secrets'));
  const mode = (path: string) => (statSync(join(place, path)).mode & 0o777).toString(8);
  expect([mode('.'), mode('secrets'), mode('secrets/redis_url')]).toEqual(['755', '711', '600']);
  const before = readFileSync(join(place, 'secrets/redis_url'), 'utf8');
  sh('secrets.sh', join(place, 'secrets'));
  expect(readFileSync(join(place, 'secrets/redis_url'), 'utf8')).toBe(before);
});

test('nothing is left to fill in, on any host; what is there already stays, with its passwords', () => {
  for (const host of [first, third]) {
    for (const path of readdirSync(host.root, { recursive: true, encoding: 'utf8' })) {
      if (/\.(env|conf|acl|nft|yaml|service)$|pool\/hosts$/.test(path))
        expect([path, /@[A-Z0-9_]+@/.test(host.read(path))]).toEqual([path, false]);
    }
  }
  const before = first.read('var/lib/hokm-redis/users.acl');
  const again = hosts.install(HOSTS[0]);
  expect(again.output).not.toContain('written');
  expect(again.read('var/lib/hokm-redis/users.acl')).toBe(before);
  expect(third.output).not.toMatch(/haproxy|keepalived/);
});

test('the table of ports, the firewall and the files name the same ports', () => {
  const table = inRepository('deploy/systemd/README.md').split('## Ports')[1]?.split('\n## ')[0] ?? '';
  const rows = [...table.matchAll(/^\| (\d[\d-]*) \| ([^|]+) \|/gm)].map(
    ([, port = '', from = '']) => [port, from.trim()] as const,
  );
  const rules = [...first.read('etc/hokm/firewall.nft').matchAll(/^ +(ip saddr @cluster )?tcp dport (.+) accept$/gm)];
  const opened = rules.flatMap(([, inner, ports = '']) =>
    (ports.match(/[\d-]+/g) ?? []).map((port) => [
      port,
      inner ? 'the three hosts' : port === '22' ? 'operators, the three hosts' : 'everybody',
    ]),
  );
  const byPort = (one: readonly string[], other: readonly string[]) =>
    Number.parseInt(one[0] ?? '', 10) - Number.parseInt(other[0] ?? '', 10);
  const local = rows.filter(([, from]) => from === 'this host alone');
  expect(rows.filter((row) => !local.includes(row)).toSorted(byPort)).toEqual(opened.toSorted(byPort));

  const haproxy = variables(first.read('etc/hokm/haproxy.env').replaceAll(/^#/gm, ''));
  const pool = first.read('etc/hokm/pool/hosts').match(/\b7\d{3}\b/g) ?? [];
  const used = new Set([
    ...haproxy.filter(([name]) => /_PORT$/.test(name)).map(([, port]) => port),
    ...haproxy.flatMap(([, value]) => /:(\d+)$/.exec(value)?.[1] ?? []),
    ...['redis', 'sentinel'].flatMap(
      (name) => /^port (\d+)$/m.exec(first.read(`var/lib/hokm-${name}/${name}.conf`))?.[1] ?? [],
    ),
    ...(first.read('etc/hokm/cluster.env').match(/(?<=:)\d{4,5}\b/g) ?? []),
    ...[`${pool.toSorted()[0]}-${pool.toSorted().at(-1)}`, '22'],
  ]);
  expect(rows.map(([port]) => port).toSorted()).toEqual([...used].toSorted());
  expect(variables(first.read('etc/hokm/haproxy.env'))).toContainEqual(['HAPROXY_OPS_BIND', '127.0.0.1']);
  expect(local.map(([port]) => port)).toEqual(['8404']);
});

test('of two HAProxies neither takes the address back, and each knows the other', () => {
  const second = hosts.install(HOSTS[1]);
  for (const [host, other, number] of [
    [first, HOSTS[1], 1],
    [second, HOSTS[0], 2],
  ] as const) {
    const keepalived = host.read('etc/keepalived/keepalived.conf');
    expect(keepalived).toMatch(/^ {2}state BACKUP\n {2}nopreempt$/m);
    expect(keepalived).toMatch(new RegExp(`unicast_peer \\{\\s+${other}\\s+\\}`));
    expect(Object.fromEntries(variables(host.read('etc/hokm/haproxy.env')))).toMatchObject({
      HAPROXY_PEER_NAME: `haproxy${number}`,
      HAPROXY_PEER2_NAME: `haproxy${3 - number}`,
      HAPROXY_PEER2_ADDRESS: `${other}:10240`,
    });
  }
});
