/** Cuts wires between processes of this machine by nftables, in the namespace's own network. */
import { execFileSync } from 'node:child_process';

/** Connections from an address to ports of the loopback address. */
export interface Wire {
  readonly from: string;
  readonly ports: readonly number[];
}

export const LOOPBACK = '127.0.0.1';

/** The address that an instance dials from: one of loopback's, by its process id. See preload.ts. */
export const addressOf = (pid: number) => `127.${1 + (pid >> 16)}.${(pid >> 8) & 255}.${pid & 255}`;

let cuts = 0;

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
