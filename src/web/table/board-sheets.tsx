/** The sheet that is open over the table, if any. */
import type { RoomView, Seat } from '../../client/browser.js';
import type { Table } from '../../game/hokm/table.js';
import { FairnessSheet } from './fairness-sheet.js';
import { HandsSheet } from './hands-sheet.js';
import { LastTrick } from './last-trick.js';
import { MenuSheet } from './menu-sheet.js';
import { ScoreSheet } from './score-sheet.js';
import { SeatSheet } from './seat-sheet.js';
import { TalkSheet } from './talk-sheet.js';
import type { TableModel } from './use-table.js';

export type SheetName = 'menu' | 'score' | 'last' | 'hands' | 'talk' | 'fairness';

export interface BoardSheetsProps {
  /** A sheet by its name, or that of a player. */
  readonly shown: SheetName | Seat | undefined;
  readonly model: TableModel;
  readonly room: RoomView;
  /** Null before the first match. */
  readonly table: Table | null;
  readonly muted: ReadonlySet<Seat>;
  readonly onMute: (seat: Seat) => void;
  readonly onShow: (sheet: SheetName | undefined) => void;
}

export function BoardSheets({ shown, model, room, table, muted, onMute, onShow }: BoardSheetsProps) {
  const { memory, state, command, say } = model;
  const last = memory.hands.at(-1);
  const close = () => onShow(undefined);
  if (shown === undefined) return null;
  if (typeof shown === 'number') {
    const kick = () => {
      command({ type: 'kick', seat: shown } as { type: string });
      close();
    };
    return (
      <SeatSheet
        seat={shown}
        room={room}
        muted={muted.has(shown)}
        onMute={() => onMute(shown)}
        onKick={kick}
        onClose={close}
      />
    );
  }
  switch (shown) {
    case 'menu':
      return (
        <MenuSheet
          room={room}
          spectators={state.presence.spectators}
          onFairness={() => onShow('fairness')}
          onLeave={() => command({ type: 'leave' })}
          onClose={close}
        />
      );
    case 'score':
      return table && <ScoreSheet hands={memory.hands} table={table} room={room} onClose={close} />;
    case 'last':
      return <LastTrick trick={table?.last_trick ?? memory.lastTrick} room={room} onClose={close} />;
    case 'hands':
      return last ? <HandsSheet hand={last} room={room} onClose={close} /> : null;
    case 'talk':
      return <TalkSheet onSay={say} onClose={close} />;
    case 'fairness':
      return <FairnessSheet room={room} table={table} last={last} seq={state.cursor?.seq ?? 0} onClose={close} />;
  }
}
