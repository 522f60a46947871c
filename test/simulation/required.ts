/** What a run of 2,000 seeds must have exercised, each at least once. */
import { MESSAGES, type Required } from './coverage.js';
import { faults } from './faults.js';

/** By script, the branches of its reply; unknown: no reply came. */
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  claimRoom: ['ok', 'fenced', 'gap', 'unknown'],
  commitRoom: ['ok', 'fenced', 'gap', 'unknown'],
  confirmRoom: ['ok', 'unknown'],
  createRoom: ['0', '1', 'unknown'],
  heartbeat: ['0', '1', 'unknown'],
  noteSeats: ['done', 'unknown'],
  releaseRoom: ['ok', 'unknown'],
  restoreRoom: ['ok', 'unknown'],
  snapshotRoom: ['ok', 'fenced', 'unknown'],
  transferRoom: ['ok', 'fenced', 'gap', 'unknown'],
};

export const required: Required = {
  script: Object.keys(OUTCOMES),
  outcome: Object.entries(OUTCOMES).flatMap(([name, replies]) => replies.map((reply) => `${name}: ${reply}`)),
  message: [...MESSAGES],
  fault: [...new Set(faults.map(({ name }) => name))],
  moment: ['sent', 'arrived', 'executed', 'answered'],
  player: ['client library', 'protocol', 'controller started'],
  http: [
    'GET /api/room: 200',
    'GET /api/room: 503',
    'GET /api/room/events: 200',
    'GET /api/room/events: 503',
    'GET /api/rooms: 200',
    'POST /api/rooms: 201',
    'POST /api/room/commands: 200',
    'POST /api/room/commands: 409',
    'POST /api/room/commands: 503',
    'POST /api/room/commands: no answer',
    'POST /api/reconnect: 200',
    'POST /api/reconnect: 503',
    'event stream: 200',
    'event stream: 503',
    'event stream: left early',
    'event stream: read no further',
    'event stream: snapshot',
    'public list: rooms',
    'public list: empty',
  ],
  // Ways that the software goes.
  log: [
    'alone without Redis: giving all players up',
    'appending a lost tail again',
    'claim unanswered',
    'claiming the room again',
    'commit without an answer',
    'drained',
    'message of the inbox is tried again',
    'outdated request to move refused',
    'outdated scaling event refused',
    'Redis has lost something that it had: storing again what is known here',
    'room cannot be opened yet',
    'room lost to another owner',
    'room moved',
    'stop failed',
    'taking over',
    'the store has lost the room, storing it whole',
    'target has not adopted the room, taken back',
    'told to give all rooms away',
    'told to stay',
  ],
};
