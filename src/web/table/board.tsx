/** The table while a match is on: seats round the felt, the trick in its middle, the hand below. */
import { useEffect, useState } from 'preact/hooks';
import type { RoomView } from '../../client/browser.js';
import { mayClaim } from '../../client/forfeit.js';
import { type Card, suitOf } from '../../game/cards.js';
import type { Command } from '../../game/hokm/command.js';
import { SEATS } from '../../game/hokm/seats.js';
import type { View } from '../../game/hokm/view.js';
import { suitInWords } from '../cards/names.js';
import { deliberate } from '../parts/deliberate.js';
import { IconButton } from '../parts/icon-button.js';
import { useText } from '../text/text.js';
import { useSheets } from './board-sheets.js';
import { ForfeitOffer } from './forfeit-offer.js';
import { Hand } from './hand.js';
import { HandResultPanel } from './hand-result.js';
import { MatchOver } from './match-over.js';
import { hokmOf } from './memory.js';
import { placeOf } from './places.js';
import { shownName } from './player-name.js';
import { refusalWords } from './refusal-words.js';
import { ScoreBar } from './score-bar.js';
import { SeatPlate } from './seat-plate.js';
import { isBotsTurn } from './seat-ring.js';
import { TrickArea } from './trick-area.js';
import { TrumpChoice } from './trump-choice.js';
import { TurnLine } from './turn-line.js';
import { turnWords } from './turn-words.js';
import { useStage } from './use-stage.js';
import type { TableModel } from './use-table.js';
import { useTableSounds } from './use-table-sounds.js';

export interface BoardProps {
  readonly model: TableModel;
  readonly view: RoomView;
}

export function Board({ model, view: room }: BoardProps) {
  const view = hokmOf(room);
  return view && <PlayBoard model={model} room={room} view={view} />;
}

function PlayBoard({
  model,
  room,
  view,
}: {
  readonly model: TableModel;
  readonly room: RoomView;
  readonly view: View;
}) {
  const text = useText();
  const { t } = text;
  const { state, memory, sending, refusal } = model;
  const { table } = view;
  const own = room.seat;
  const stage = useStage(view, memory);
  const { show, muted, sheet } = useSheets(model, room, table);
  const [warning, setWarning] = useState({ words: '', number: 0 });
  const last = memory.hands.at(-1);
  const result = last && `${memory.match} ${last.hand}`;
  const [seenResult, setSeenResult] = useState(result);
  /** Of a match, whether the offer to take it was put aside. */
  const [playsOn, setPlaysOn] = useState<number | undefined>();
  useTableSounds(view, memory);

  const warn = (words: string) => setWarning(({ number }) => ({ words, number: number + 1 }));
  useEffect(() => {
    if (refusal) warn(refusalWords(text, refusal));
  }, [refusal?.number]);

  const legal = (sending ? [] : state.legal) as readonly Command[];
  const legalCards = new Set(legal.flatMap((command) => (command.type === 'play' ? [command.card] : [])));
  const play = (card: Card) => model.command({ type: 'play', card });
  const explain = (card: Card) => {
    const led = table.trick?.cards[0];
    const isOwn = table.turn === own && table.phase === 'play';
    if (isOwn && led && suitOf(led) !== suitOf(card)) warn(t('must_follow', { suit: suitInWords(text, suitOf(led)) }));
    else if (!sending) warn(t('not_your_turn'));
  };
  const showsResult = result !== seenResult && stage.winner === null && table.phase !== 'over';
  const chooses = table.phase === 'trump' && legal.length > 0 && stage.winner === null && !showsResult;
  const offersForfeit = mayClaim(room) && playsOn !== room.match && !chooses && !showsResult && stage.winner === null;
  // A move under way is told when it takes longer than people notice: when the connection is not there.
  const waits = sending !== null && state.connection !== 'open';
  const words = waits ? t('sending') : turnWords(text, room, view, stage);
  const comesLater = own !== null && room.seats[own]?.waits === true;
  const isOver = table.phase === 'over' && stage.winner === null;

  return (
    <main class="table-screen" data-phase={table.phase}>
      <header class="table-bar">
        <IconButton icon="menu" label={t('menu')} onClick={() => show('menu')} />
        <ScoreBar table={table} room={room} onOpen={() => show('score')} />
        <IconButton icon="lastTrick" label={t('last_trick')} onClick={() => show('last')} />
      </header>
      <div class="board felt" dir="ltr" {...deliberate}>
        {SEATS.map((seat) => {
          const occupant = room.seats[seat] ?? null;
          const acting = table.turn === seat && room.status === 'playing';
          const human = occupant !== null && !isBotsTurn(occupant);
          const { deadline } = state;
          return (
            <SeatPlate
              key={seat}
              seat={seat}
              place={placeOf(seat, own)}
              occupant={occupant}
              name={shownName(text, room, seat)}
              connected={state.presence.seats[seat] === true}
              hakem={table.hakem === seat}
              acting={acting}
              muted={muted.has(seat)}
              said={model.said.get(seat)}
              clock={
                acting && human && deadline !== null
                  ? { deadline, total: room.turn_ms, stopped: state.connection !== 'open' }
                  : null
              }
              onClick={() => show(seat === own ? 'talk' : seat)}
            />
          );
        })}
        <TrickArea stage={stage} view={room} own={own} />
        <div class="board-centre" dir={text.language === 'fa' ? 'rtl' : 'ltr'}>
          {chooses && <TrumpChoice five={view.hand} legal={legal} onChoose={model.command} />}
          {showsResult && last && (
            <HandResultPanel
              hand={last}
              room={room}
              hurries={table.turn !== null && table.turn === own}
              onClose={() => setSeenResult(result)}
              onHands={() => show('hands')}
            />
          )}
          {offersForfeit && (
            <ForfeitOffer
              onTake={() => model.command({ type: 'claim_forfeit' })}
              onPlayOn={() => setPlaysOn(room.match)}
            />
          )}
          {isOver && (
            <MatchOver
              room={room}
              table={table}
              last={last}
              onAgain={() => model.command({ type: 'start', fill_with_bots: true })}
              onSwap={(to) => model.command({ type: 'swap_seats', seat: to })}
              onHands={() => show('hands')}
            />
          )}
        </div>
      </div>
      <TurnLine
        words={words || (own === null ? t('watching') : '')}
        mine={legal.length > 0}
        warning={warning}
        onTalk={own === null ? undefined : () => show('talk')}
      />
      {comesLater && (
        <p class="hand-wait" role="status">
          {t('next_hand')}
        </p>
      )}
      {own !== null && !comesLater && table.phase !== 'over' && (
        <Hand
          key={`${room.match} ${table.hand}`}
          cards={view.hand}
          legal={legalCards}
          sending={typeof sending?.card === 'string' ? sending.card : undefined}
          onPlay={play}
          onIllegal={explain}
        />
      )}
      {sheet}
    </main>
  );
}
