/**
 * The seats this machine holds, a file for each in DATA/seats, for their owner's eyes only: whoever has the token has the
 * seat. The file's name tells which process plays the seat, so that four players started side by side with one data
 * folder get four seats, and each comes back to a seat that nobody plays at the moment.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { RoomCode } from '../../protocol/ids.js';

const seatSchema = z.object({
  /** A token goes to no other host than the one it is from. */
  host: z.string(),
  token: z.string(),
  client_id: z.string(),
  seat: z.number(),
  /** What was asked for with `--name`, so that two people can share a machine. */
  name: z.string().optional(),
});
export type KeptSeat = z.output<typeof seatSchema>;

export interface Wish {
  readonly host: string;
  readonly name: string | undefined;
  readonly seat: number | undefined;
}

/** `CODE.PID.json` while process PID plays the seat, `CODE.left-TIME.json` after it ended in order. */
const FILE = /^([0-9A-Z]{8})\.(?:(\d+)|left-[0-9a-z]+)\.json$/;

export class SeatFile {
  private readonly folder: string;
  private readonly own: string;
  private kept: KeptSeat | undefined;

  constructor(
    data: string,
    private readonly room: RoomCode,
    private readonly wish: Wish,
    private readonly pid = process.pid,
  ) {
    this.folder = join(data, 'seats');
    this.own = join(this.folder, `${room}.${pid}.json`);
  }

  /** Takes over a seat of this room that fits the wish and that no other process plays. */
  claim(): KeptSeat | undefined {
    for (const name of this.free()) {
      const seat = this.read(join(this.folder, name));
      if (!seat || !this.fits(seat)) continue;
      try {
        // Of two that want the same seat only one can rename its file.
        renameSync(join(this.folder, name), this.own);
      } catch {
        continue;
      }
      this.kept = seat;
      return seat;
    }
    return undefined;
  }

  /** Forgets the seats that `claim` could have given. */
  forget(): void {
    for (const name of this.free()) {
      const seat = this.read(join(this.folder, name));
      if (seat && this.fits(seat)) rmSync(join(this.folder, name), { force: true });
    }
  }

  /** Called with every change: writes when there is something new. */
  keep(token: string, clientId: string, seat: number): void {
    if (this.kept?.token === token && this.kept.seat === seat) return;
    const { host, name = this.kept?.name } = this.wish;
    this.kept = { host, token, client_id: clientId, seat, ...(name === undefined ? {} : { name }) };
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.own}.new`;
    writeFileSync(fresh, `${JSON.stringify(this.kept)}\n`, { mode: 0o600 });
    renameSync(fresh, this.own);
  }

  /** The seat is not ours any more. */
  drop(): void {
    rmSync(this.own, { force: true });
    this.kept = undefined;
  }

  /** The process ends, the seat stays ours. */
  release(): void {
    if (!this.kept) return;
    try {
      renameSync(this.own, join(this.folder, `${this.room}.left-${Date.now().toString(36)}${this.pid}.json`));
    } catch {
      // Deleted by hand.
    }
    this.kept = undefined;
  }

  private fits(kept: KeptSeat): boolean {
    const { host, name, seat } = this.wish;
    return (
      sameHost(kept.host, host) &&
      (name === undefined || kept.name === name) &&
      (seat === undefined || kept.seat === seat)
    );
  }

  private free(): string[] {
    let names: string[];
    try {
      names = readdirSync(this.folder).sort();
    } catch {
      return [];
    }
    return names.filter((name) => {
      const [, room, pid] = FILE.exec(name) ?? [];
      // Our own number on a file that we have not written is that of an earlier process.
      return room === this.room && (pid === undefined || Number(pid) === this.pid || !alive(Number(pid)));
    });
  }

  private read(file: string): KeptSeat | undefined {
    try {
      return seatSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      return undefined;
    }
  }
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function sameHost(one: string, other: string): boolean {
  return one === other || (LOOPBACK.has(one) && LOOPBACK.has(other));
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
