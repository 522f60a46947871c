/** Cuts wires between processes of this machine by nftables, in the namespace's own network. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { insideNamespace } from './namespace.js';

/** Connections from an address to ports of the loopback address. */
export interface Wire {
  readonly from: string;
  readonly ports: readonly number[];
}

export const LOOPBACK = '127.0.0.1';

/** The address that an instance dials from: one of loopback's, by its process id. See preload.ts. */
export const addressOf = (pid: number) => `127.${1 + (pid >> 16)}.${(pid >> 8) & 255}.${pid & 255}`;

let cuts = 0;

/** The ports answer nobody any more, as when their host has gone without a word. @returns what mends it */
export const silence = (ports: readonly number[]): (() => void) => cut([{ from: `${LOOPBACK}/8`, ports }]);

/**
 * From now on nothing passes, in either direction, and nobody is told.
 * @param percent of the packets that are dropped.
 * @returns what mends it; twice does no harm.
 */
export function cut(wires: readonly Wire[], percent = 100): () => void {
  cuts += 1;
  const table = `inet chaos${cuts}`;
  const chance = percent < 100 ? `numgen random mod 100 < ${percent} ` : '';
  const rules = wires.flatMap(({ from, ports }) => {
    const set = `{ ${ports.join(', ')} }`;
    return [`ip saddr ${from} tcp dport ${set}`, `ip daddr ${from} tcp sport ${set}`];
  });
  nft([
    `add table ${table}`,
    // Where packets arrive: dropped where they leave, the sender would be told.
    `add chain ${table} arriving { type filter hook input priority 0; }`,
    ...rules.map((rule) => `add rule ${table} arriving ${rule} ${chance}drop`),
  ]);
  let isCut = true;
  return () => {
    if (isCut) nft([`delete table ${table}`]);
    isCut = false;
  };
}

function nft(commands: readonly string[]): void {
  execFileSync('nft', ['-f', '-'], { input: `${commands.join('\n')}\n` });
}

/** Smallest, first and largest size of a socket's buffers, bytes: a few entries of a log fill them. */
const SMALL_BUFFERS = '4096 8192 8192';
const BUFFER_SETTINGS = ['tcp_rmem', 'tcp_wmem'].map((name) => `/proc/sys/net/ipv4/${name}`);

/** Sockets of this namespace get small buffers from now on: who does not read is noticed soon. @returns what undoes it */
export function smallSocketBuffers(): () => void {
  if (!insideNamespace) throw new Error('sockets get other buffers in a namespace only');
  const before = BUFFER_SETTINGS.map((path) => readFileSync(path, 'utf8'));
  for (const path of BUFFER_SETTINGS) writeFileSync(path, SMALL_BUFFERS);
  return () => {
    for (const [at, path] of BUFFER_SETTINGS.entries()) writeFileSync(path, before[at] ?? '');
  };
}
