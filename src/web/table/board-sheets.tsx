/** The sheet that is open over the table, if any. */
import type { ComponentChild } from 'preact';
import { useState } from 'preact/hooks';
import type { RoomView, Seat } from '../../client/browser.js';
import { mayClaim } from '../../client/forfeit.js';
import type { Table } from '../../game/hokm/table.js';
import { FairnessSheet } from './fairness-sheet.js';
import { HandsSheet } from './hands-sheet.js';
import { LastTrick } from './last-trick.js';
import { MenuSheet } from './menu-sheet.js';
import { ScoreSheet } from './score-sheet.js';
import { SeatSheet } from './seat-sheet.js';
import { TalkSheet } from './talk-sheet.js';
import { useMuted } from './use-muted.js';
import type { Order, TableModel } from './use-table.js';

export type SheetName = 'menu' | 'score' | 'last' | 'hands' | 'talk' | 'fairness';

/** The sheets of a table: `show` opens one, by its name or that of a player; `sheet` is the open one, to be drawn. */
export interface Sheets {
  readonly show: (sheet: SheetName | Seat | undefined) => void;
  readonly muted: ReadonlySet<Seat>;
  readonly sheet: ComponentChild;
}

/** @param table null before the first match */
export function useSheets(model: TableModel, room: RoomView, table: Table | null): Sheets {
  const [shown, show] = useState<SheetName | Seat | undefined>();
  const [muted, onMute] = useMuted();
  const sheet = shown !== undefined && (
    <OpenSheet shown={shown} model={model} room={room} table={table} muted={muted} onMute={onMute} onShow={show} />
  );
  return { show, muted, sheet };
}

interface OpenSheetProps {
  readonly shown: SheetName | Seat;
  readonly model: TableModel;
  readonly room: RoomView;
  readonly table: Table | null;
  readonly muted: ReadonlySet<Seat>;
  readonly onMute: (seat: Seat) => void;
  readonly onShow: Sheets['show'];
}

function OpenSheet({ shown, model, room, table, muted, onMute, onShow }: OpenSheetProps) {
  const { memory, state, command, say } = model;
  const last = memory.hands.at(-1);
  const close = () => onShow(undefined);
  const order = (given: Order) => {
    command(given);
    close();
  };
  if (typeof shown === 'number') {
    return (
      <SeatSheet
        seat={shown}
        room={room}
        muted={muted.has(shown)}
        onMute={() => onMute(shown)}
        onKick={() => order({ type: 'kick', seat: shown })}
        onSwap={(to) => order({ type: 'swap_seats', seat: to })}
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
          onForfeit={mayClaim(room) ? () => order({ type: 'claim_forfeit' }) : undefined}
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
      return <TalkSheet room={room} heard={model.heard} muted={muted} onSay={say} onClose={close} />;
    case 'fairness':
      return <FairnessSheet room={room} table={table} last={last} seq={state.cursor?.seq ?? 0} onClose={close} />;
  }
}
