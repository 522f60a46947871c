/** What the runs of one fault have shown. */
import type { Fault } from './faults/fault.js';
import type { Sample } from './stopwatch.js';

export interface StrikeRecord {
  /** Since the program started, ms. */
  readonly at: number;
  readonly run: number;
  /** How many rooms it was to hit. */
  readonly rooms: number;
}

export interface FaultOutcome {
  readonly fault: Fault;
  runs: number;
  readonly strikes: StrikeRecord[];
  /** Of every run: acknowledged moves in each `BUCKET_MS`, from `BEFORE_MS` before its first strike. */
  readonly acks: number[][];
  readonly samples: Sample[];
  /** Of each sample's room: its longest stop until the run was over. */
  readonly worst: number[];
}
