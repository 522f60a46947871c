/** A room in which nothing happens by itself: whatever changes it was the test's doing. */
import { expect } from '@jest/globals';
import { createRoom, type TestInstance } from '../support/cluster.js';
import { Player } from './player.js';

export interface CalmRoom {
  readonly code: string;
  readonly host: Player;
  readonly guest: Player;
  readonly spectator: Player;
  /** Runs `wrong`; then the room must be as before, and everybody in it must still be heard. */
  changesNothing(wrong: () => Promise<void>): Promise<void>;
}

export interface Position {
  readonly seq: number;
  readonly digest: string;
}

export async function positionOf(base: string, code: string): Promise<Position> {
  const response = await fetch(`${base}/api/room?room_code=${code}`);
  const { seq, digest } = (await response.json()) as Position;
  return { seq, digest };
}

/** A lobby with a host, a guest, and somebody who watches. */
export async function openCalmRoom(instance: TestInstance): Promise<CalmRoom> {
  const base = `http://127.0.0.1:${instance.port}`;
  const code = await createRoom(base);
  const host = await Player.join(instance.url, code, { name: 'Host' });
  const guest = await Player.join(instance.url, code, { name: 'Guest' });
  const spectator = await Player.join(instance.url, code, { spectate: true });
  const changesNothing = async (wrong: () => Promise<void>) => {
    const before = await positionOf(base, code);
    await wrong();
    expect(await positionOf(base, code)).toEqual(before);
    host.send({ type: 'say', phrase: 'hello' });
    for (const player of [host, guest, spectator]) await player.next('said');
    expect(instance.process.exitCode).toBeNull();
  };
  return { code, host, guest, spectator, changesNothing };
}
