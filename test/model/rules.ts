/** What the model takes for granted, each thing of which can be taken out to see what it is for. */
export interface Rules {
  /** Every write compares owner and epoch. */
  readonly fences: boolean;
  /** A commit compares the position that it follows. */
  readonly commitPosition: boolean;
  /** A claim compares owner and epoch with what was seen. */
  readonly claimSeen: boolean;
  /** A claim of one that owned the room before also compares the position. */
  readonly claimPosition: boolean;
  /** A claim takes an epoch above the claimant's former one (and the one it has given away). */
  readonly claimAbove: boolean;
  /** A claim takes an epoch above the last entry's. */
  readonly claimAboveLog: boolean;
  /** A claim of one that owned the room before writes what the log lacks; else the next commit does. */
  readonly claimWithTail: boolean;
  /** A transfer compares the position at which the room was sealed. */
  readonly transferPosition: boolean;
  /** A transfer that has landed is ok when sent again. */
  readonly transferAgain: boolean;
  /** A release compares the position. */
  readonly releasePosition: boolean;
  /** The whole room is stored only over what was seen. */
  readonly restoreSeen: boolean;
  /** The whole room is stored only over a lower (epoch, seq). */
  readonly restoreUpwards: boolean;
  /** The target gets the entries since the last confirmed snapshot; else it starts at the sealed position. */
  readonly tailHandedOver: boolean;
  /** The target commits an entry before it answers; else it answers when it has the data. */
  readonly firstEntry: boolean;
  /** The source stays sealed until the target has answered; else a transfer that is fenced by the target counts as done. */
  readonly sealedUntilAnswer: boolean;
  /** After a failover, nobody takes a room over before its owners have found back to the store. */
  readonly settling: boolean;
  /** The same before a source takes a room back from a silent target. */
  readonly settlingTakeBack: boolean;
  /** Where the store is older than the kept entries, its owner stores the room whole. */
  readonly restores: boolean;
  /** A store with another log under a lower epoch gets the room whole from an owner who has told something since it has the room. */
  readonly restoresOverFork: boolean;
  /** The same over one of the same epoch, from an owner whom nobody can have replaced. */
  readonly equalForkGivesWay: boolean;
  /** After a loss, an owner that another may have replaced leaves others the time to store the room before it tells or gives it away. */
  readonly formerOwnersWait: boolean;
  /** An owner whose unanswered claim has landed takes that epoch. */
  readonly ownClaimFound: boolean;
  /** Such a claim is made again, so that the copies have it before anything is told. */
  readonly foundClaimWaits: boolean;
  /** An owner that is fenced keeps what it has until a majority of the copies has the claim that fenced it. */
  readonly losersWait: boolean;
  /** An answer to a write that waits for copies is ok only when they have it. */
  readonly claimsWait: boolean;
  readonly transfersWait: boolean;
}

export const PROTOCOL: Rules = {
  fences: true,
  commitPosition: true,
  claimSeen: true,
  claimPosition: true,
  claimAbove: true,
  claimAboveLog: true,
  claimWithTail: true,
  transferPosition: true,
  transferAgain: true,
  releasePosition: true,
  restoreSeen: true,
  restoreUpwards: true,
  tailHandedOver: true,
  firstEntry: true,
  sealedUntilAnswer: true,
  settling: true,
  settlingTakeBack: true,
  restores: true,
  restoresOverFork: true,
  equalForkGivesWay: true,
  formerOwnersWait: true,
  ownClaimFound: true,
  foundClaimWaits: true,
  losersWait: true,
  claimsWait: true,
  transfersWait: true,
};

/** As rooms were moved before: owner and epoch compared alone, fenced by the target taken for done, no tail handed over. */
export const OLD_TRANSFER: Rules = {
  ...PROTOCOL,
  transferPosition: false,
  transferAgain: false,
  tailHandedOver: false,
  firstEntry: false,
  sealedUntilAnswer: false,
  restores: false,
  losersWait: false,
};

export interface Bound {
  readonly durability: 'primary' | 'replicated';
  /** Which copy takes a dead primary's place: the one that has most of it (all that a majority has confirmed), or any. */
  readonly promoted: 'best' | 'any';
  /** Commands that the players send. */
  readonly commands: number;
  readonly failovers: number;
  readonly moves: number;
  readonly crashes: number;
  readonly releases: number;
  readonly snapshots: number;
  /** Requests without an answer, those of a failover not counted. */
  readonly unknowns: number;
  /** Times that the store is set back to anything that it has held, by a backup; only without failovers. */
  readonly rollbacks: number;
  /** Times that an owner who lives is thought to be gone. */
  readonly takeovers: number;
}
