/** What a disk has left. */
import { statfs } from 'node:fs/promises';

/** Bytes that a process without privileges can still write in this folder. @throws when the folder cannot be asked */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
