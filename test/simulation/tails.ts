/**
 * Who knows the ends of rooms in a simulated cluster: whether a failover that loses them is one that must be survived, and
 * who must stay well after it. Owner and primary together may lose what was on both alone.
 */
import { metaOf } from './check.js';
import type { Node } from './redis/node.js';
import type { Member, PlayedRoom, World } from './world.js';

/** Between two looks whether owners have appended again what a failover lost. */
const LOOK_MS = 250;

export class Tails {
  private spared = false;
  /** Length of Redis' log behind the last claim of a room that had a snapshot: its new owner knows nothing from before. */
  private claimedAt = 0;

  constructor(private readonly world: World) {}

  /** A room with a snapshot has just been claimed. */
  claimed(): void {
    this.claimedAt = this.world.server.primary.log.length;
  }

  /** Redis has lost the end of its log. */
  shortened(): void {
    this.claimedAt = Math.min(this.claimedAt, this.world.server.written);
  }

  /** Every room is stored as far as its players know it, by an owner who is well. */
  get calm(): boolean {
    return !this.spared && this.repaired;
  }

  /** Whether a failover may lose what the replicas lack: of each room somebody who is well knows all that was told. */
  get held(): boolean {
    const { server, network, rooms, members } = this.world;
    if (!server.well || this.spared || network.torn) return false;
    return rooms.every((room) => {
      const epoch = metaOf(this.world, room)?.epoch ?? Number.POSITIVE_INFINITY;
      return members.some((member) => {
        const mailbox = holding(member, room);
        // One below: its source holds a room whose move is under way.
        return mailbox !== undefined && !mailbox.frozen && mailbox.position.epoch >= epoch - 1;
      });
    });
  }

  /** Owners must stay well until they have appended again what a failover has lost. */
  spareOwners(): void {
    this.spared = true;
    this.world.timeline.after(LOOK_MS, () => {
      if (this.repaired) this.spared = false;
      else this.spareOwners();
    });
  }

  /** Owners are spared. */
  get sparing(): boolean {
    return this.spared;
  }

  /** Whether an instance must stay well now: it may be the only one to know the end of a room. */
  isVital(member: Member): boolean {
    return this.spared && this.world.rooms.some((room) => holding(member, room) !== undefined);
  }

  /**
   * The replica that has least of those that may take over: nobody appends again what was before a claim that a majority
   * has, nor the end of a room that its owner has given up, which a majority has too.
   */
  worstOf(candidates: readonly Node[]): Node | undefined {
    const { rooms, members, server } = this.world;
    if (!rooms.every((room) => members.some((member) => holding(member, room)))) return undefined;
    const needed = this.claimedAt <= server.confirmed ? this.claimedAt : 0;
    return candidates.find(({ log }) => log.length >= needed);
  }

  private get repaired(): boolean {
    const { world } = this;
    if (!world.server.well || world.network.torn) return false;
    return world.rooms.every((room) => {
      const meta = metaOf(world, room);
      const owner = world.ownerOf(room.head.code);
      const mailbox = owner?.process.running ? owner.instance.ownership.here(room.head.code) : undefined;
      if (!mailbox || !meta) return false;
      return mailbox.position.epoch === meta.epoch && meta.seq >= room.told && !mailbox.frozen;
    });
  }
}

/** The instance's room, if it knows all that was told of it. */
function holding({ process, instance }: Member, { head, told }: PlayedRoom) {
  const mailbox = process.running ? instance.ownership.here(head.code) : undefined;
  return mailbox && !mailbox.over && mailbox.position.seq >= told ? mailbox : undefined;
}
