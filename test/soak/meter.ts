/** Samples what a cluster holds on to: memory, open files, keys, table entries. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';
import { askHaproxy } from '../../deploy/local/admin-socket.js';
import { RuntimeApi } from '../../haproxy/runtime-api.js';
import type { ClusterUnderTest } from '../chaos/cluster-under-test.js';
import type { Allowance } from './trend.js';

interface Quantity {
  readonly name: string;
  readonly unit: string;
  readonly allowance: Allowance;
}

const MEMORY: Allowance = { share: 0.1, slack: 5 };

/** Of instances: the mean over those that run. */
export const QUANTITIES = [
  { name: 'instance memory', unit: 'MiB', allowance: MEMORY },
  { name: 'instance open files', unit: 'files', allowance: { share: 0.1, slack: 10 } },
  { name: 'Redis memory', unit: 'MiB', allowance: MEMORY },
  { name: 'Redis keys', unit: 'keys', allowance: { share: 0.1, slack: 20 } },
  { name: 'HAProxy memory', unit: 'MiB', allowance: MEMORY },
  { name: 'HAProxy table entries', unit: 'entries', allowance: { share: 0.1, slack: 20 } },
  { name: 'HAProxy servers', unit: 'servers', allowance: { share: 0, slack: 1 } },
  { name: 'controller memory', unit: 'MiB', allowance: MEMORY },
] as const satisfies readonly Quantity[];

export type QuantityName = (typeof QUANTITIES)[number]['name'];

export class Meter {
  readonly samples: Record<QuantityName, number>[] = [];

  constructor(private readonly cluster: ClusterUnderTest) {}

  /** One sample; NaN for what does not answer just now. */
  async sample(): Promise<void> {
    const { instances, pids, haproxy_socket } = this.cluster.facts();
    const [redis, haproxy] = await Promise.all([this.redis(), haproxyFigures(haproxy_socket).catch(() => undefined)]);
    this.samples.push({
      'instance memory': mean(instances.map(({ pid }) => residentMiB(pid))),
      'instance open files': mean(instances.map(({ pid }) => openFiles(pid))),
      'Redis memory': redis?.memoryMiB ?? Number.NaN,
      'Redis keys': redis?.keys ?? Number.NaN,
      'HAProxy memory': haproxy === undefined ? Number.NaN : residentMiB(haproxy.pid),
      'HAProxy table entries': haproxy?.entries ?? Number.NaN,
      'HAProxy servers': haproxy?.servers ?? Number.NaN,
      'controller memory': residentMiB(pids.controller ?? 0),
    });
  }

  values(name: QuantityName): number[] {
    return this.samples.map((sample) => sample[name]);
  }

  private async redis(): Promise<{ memoryMiB: number; keys: number } | undefined> {
    const { redis } = this.cluster;
    try {
      const [memory, keys] = await Promise.all([redis.info('memory'), redis.dbsize()]);
      return { memoryMiB: Number(/^used_memory:(\d+)/m.exec(memory)?.[1]) / 2 ** 20, keys };
    } catch {
      return undefined;
    }
  }
}

async function haproxyFigures(socket: string): Promise<{ pid: number; entries: number; servers: number }> {
  const api = new RuntimeApi(socket);
  const [{ pid }, servers, tables] = await Promise.all([api.info(), api.servers(), askHaproxy(socket, 'show table')]);
  const used = [...tables.matchAll(/\bused:(\d+)/g)].map(([, count]) => Number(count));
  return { pid, entries: used.reduce((sum, count) => sum + count, 0), servers: servers.length };
}

function mean(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

function residentMiB(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib) / 1_024;
  } catch {
    return Number.NaN;
  }
}

function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return Number.NaN;
  }
}
