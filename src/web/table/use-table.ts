/** A table as a component sees it: its state, what is remembered, what is said, and what can be done. */
import { useCallback, useEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import {
  CommandRefused,
  joinTable,
  PHRASES,
  type RoomCode,
  type Seat,
  type TableState,
  type Talk,
  wakeWith,
} from '../../client/browser.js';
import { useDevice } from '../device/device.js';
import { socketUrl } from '../device/route.js';
import { type Memory, NOTHING, remember } from './memory.js';

export interface Utterance {
  readonly seat: Seat;
  readonly talk: Talk;
  /** Tells two equal ones apart. */
  readonly number: number;
}

/** A command of the room or of the game. */
export interface Order {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface TableModel {
  readonly state: TableState;
  readonly memory: Memory;
  /** By seat, what was said last and is still to be shown. */
  readonly said: ReadonlyMap<Seat, Utterance>;
  /** What was said lately, the latest last. */
  readonly heard: readonly Utterance[];
  /** The refusal of the last command, until the next. */
  readonly refusal: { readonly code: string; readonly message: string; readonly number: number } | null;
  /** The command that waits for its answer. */
  readonly sending: Order | null;
  /** Gives a command; a move counts for the turn that was shown, or not at all. */
  readonly command: (command: Order) => void;
  readonly say: (talk: Talk) => void;
}

export interface Joining {
  readonly room: RoomCode;
  readonly name: string;
  readonly watch: boolean;
  readonly seat?: Seat | undefined;
}

const SHOWN_MS = 4_000;
/** Words of one's own take time to be read. */
const SHOWN_MS_A_LETTER = 60;
const HEARD = 20;

/** Joins the table when the component appears and lets go of it when it goes. */
export function useTable({ room, name, watch, seat }: Joining): TableModel {
  const { seats } = useDevice();
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0);
  const kept = useRef<Omit<TableModel, 'state' | 'command' | 'say'>>({
    memory: NOTHING,
    said: new Map(),
    heard: [],
    refusal: null,
    sending: null,
  });
  const refused = useRef<(frame: { readonly code: string; readonly message: string }) => void>(() => undefined);
  const table = useMemo(
    () =>
      joinTable({
        url: socketUrl(),
        room,
        store: seats,
        ...(watch ? { spectate: true } : { name }),
        ...(seat === undefined ? {} : { seat }),
        onFrame: (frame) => {
          if (frame.type === 'error' && frame.code === 'TALK_LIMITED') refused.current(frame);
        },
      }),
    // The name counts when the seat is taken, not afterwards.
    [room, watch, seat],
  );

  useEffect(() => {
    const change = (part: Partial<typeof kept.current>) => {
      kept.current = { ...kept.current, ...part };
      redraw(undefined);
    };
    const timers = new Set<ReturnType<typeof setTimeout>>();
    let utterances = 0;
    const look = (state: TableState) => change({ memory: remember(kept.current.memory, state.view) });
    const ends = [
      table.subscribe(look),
      table.hear((told) => {
        // A newer server may know more.
        if ('phrase' in told ? !PHRASES.includes(told.phrase) : typeof told.text !== 'string') return;
        const { seat: speaker } = told;
        const talk: Talk = 'phrase' in told ? { phrase: told.phrase } : { text: told.text };
        const utterance = { seat: speaker, talk, number: ++utterances };
        change({
          said: new Map(kept.current.said).set(speaker, utterance),
          heard: [...kept.current.heard, utterance].slice(-HEARD),
        });
        const timer = setTimeout(
          () => {
            timers.delete(timer);
            if (kept.current.said.get(speaker) !== utterance) return;
            const said = new Map(kept.current.said);
            said.delete(speaker);
            change({ said });
          },
          SHOWN_MS + ('text' in talk ? talk.text.length * SHOWN_MS_A_LETTER : 0),
        );
        timers.add(timer);
      }),
      wakeWith(window, table),
    ];
    look(table.state);
    return () => {
      for (const end of ends) end();
      for (const timer of timers) clearTimeout(timer);
      table.close();
    };
  }, [table]);

  const { give, say } = useMemo(() => {
    let refusals = 0;
    const put = (part: Partial<typeof kept.current>) => {
      kept.current = { ...kept.current, ...part };
      redraw(undefined);
    };
    refused.current = ({ code, message }) => put({ refusal: { code, message, number: ++refusals } });
    return {
      give: (command: Order, turn: TableState['turn']) => {
        put({ sending: command, refusal: null });
        table
          .command(command, turn)
          .catch((error: unknown) => {
            refused.current(error instanceof CommandRefused ? error.frame : { code: 'UNKNOWN', message: '' });
          })
          .finally(() => {
            if (kept.current.sending === command) put({ sending: null });
          });
      },
      say: (talk: Talk) => table.say('phrase' in talk ? talk.phrase : talk),
    };
  }, [table]);

  const { state } = table;
  const command = useCallback((order: Order) => give(order, state.turn), [give, state.turn]);
  return { ...kept.current, say, command, state };
}
