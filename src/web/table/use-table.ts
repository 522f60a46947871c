/** A table as a component sees it: its state, what is remembered, what is said, and what can be done. */
import { useEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import {
  CommandRefused,
  joinTable,
  PHRASES,
  type Phrase,
  type RoomCode,
  type Seat,
  type TableState,
  wakeWith,
} from '../../client/browser.js';
import { useDevice } from '../device/device.js';
import { socketUrl } from '../device/route.js';
import { type Memory, NOTHING, remember } from './memory.js';

export interface Utterance {
  readonly seat: Seat;
  readonly phrase: Phrase;
  /** Tells two equal ones apart. */
  readonly number: number;
}

export interface TableModel {
  readonly state: TableState;
  readonly memory: Memory;
  /** By seat, what was said last and is still to be shown. */
  readonly said: ReadonlyMap<Seat, Utterance>;
  /** The refusal of the last command, until the next. */
  readonly refusal: { readonly code: string; readonly message: string; readonly number: number } | null;
  /** The command that waits for its answer. */
  readonly sending: { readonly type: string; readonly card?: string } | null;
  readonly command: (command: { readonly type: string }) => void;
  readonly say: (phrase: Phrase) => void;
}

export interface Joining {
  readonly room: RoomCode;
  readonly name: string;
  readonly watch: boolean;
  readonly seat?: Seat | undefined;
}

const SHOWN_MS = 4_000;

/** Joins the table when the component appears and lets go of it when it goes. */
export function useTable({ room, name, watch, seat }: Joining): TableModel {
  const { seats } = useDevice();
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0);
  const kept = useRef<Omit<TableModel, 'state' | 'command' | 'say'>>({
    memory: NOTHING,
    said: new Map(),
    refusal: null,
    sending: null,
  });
  const table = useMemo(
    () =>
      joinTable({
        url: socketUrl(),
        room,
        store: seats,
        ...(watch ? { spectate: true } : { name }),
        ...(seat === undefined ? {} : { seat }),
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
      table.hear(({ seat: speaker, phrase }) => {
        // A newer server may know more.
        if (!PHRASES.includes(phrase)) return;
        const utterance = { seat: speaker, phrase, number: ++utterances };
        change({ said: new Map(kept.current.said).set(speaker, utterance) });
        const timer = setTimeout(() => {
          timers.delete(timer);
          if (kept.current.said.get(speaker) !== utterance) return;
          const said = new Map(kept.current.said);
          said.delete(speaker);
          change({ said });
        }, SHOWN_MS);
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

  const actions = useMemo(() => {
    let refusals = 0;
    const put = (part: Partial<typeof kept.current>) => {
      kept.current = { ...kept.current, ...part };
      redraw(undefined);
    };
    return {
      command: (command: { readonly type: string }) => {
        put({ sending: command, refusal: null });
        table
          .command(command)
          .catch((error: unknown) => {
            const { code, message } = error instanceof CommandRefused ? error.frame : { code: 'UNKNOWN', message: '' };
            put({ refusal: { code, message, number: ++refusals } });
          })
          .finally(() => {
            if (kept.current.sending === command) put({ sending: null });
          });
      },
      say: (phrase: Phrase) => table.say(phrase),
    };
  }, [table]);

  return { ...kept.current, ...actions, state: table.state };
}
