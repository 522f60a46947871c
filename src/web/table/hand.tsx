/** The viewer's own cards: a list of buttons in a fan. One tap plays; arrows, digits and Enter do the same. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Card } from '../../game/cards.js';
import { CardFace } from '../cards/card-face.js';
import { cardName } from '../cards/names.js';
import { latinDigits } from '../text/numbers.js';
import { useText } from '../text/text.js';

export interface HandProps {
  readonly cards: readonly Card[];
  /** The cards that may be played now; empty when it is not the viewer's turn. */
  readonly legal: ReadonlySet<string>;
  /** The card that waits to be acknowledged. */
  readonly sending: string | undefined;
  readonly onPlay: (card: Card) => void;
  /** A card that cannot be played was tried. */
  readonly onIllegal: (card: Card) => void;
}

const isPress = ({ key }: KeyboardEvent): boolean => key === 'Enter' || key === ' ';

/** A phone has two rows of so many. */
const ROW = 7;

export function Hand({ cards, legal, sending, onPlay, onIllegal }: HandProps) {
  const text = useText();
  const list = useRef<HTMLUListElement>(null);
  const [at, setAt] = useState(0);
  const focused = Math.min(at, cards.length - 1);

  /** Keys may come faster than the page is drawn: what counts is where the focus is, not where it was drawn. */
  const place = (): number => {
    const buttons: readonly (Element | null)[] = [...(list.current?.querySelectorAll('button') ?? [])];
    return buttons.indexOf(document.activeElement);
  };
  const focus = (index: number) => {
    const to = (index + cards.length) % cards.length;
    setAt(to);
    list.current?.querySelectorAll('button')[to]?.focus();
  };
  const isOn = legal.size > 0;
  /** A card that leaves takes the focus with it: whoever plays by keys goes on with its neighbour. */
  const hadFocus = useRef(false);
  useLayoutEffect(() => {
    if (hadFocus.current && cards.length > 0 && !list.current?.contains(document.activeElement)) focus(focused);
  }, [cards.length]);
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || cards.length === 0) return;
      if (event.target instanceof HTMLInputElement) return;
      const here = place();
      const digit = Number(latinDigits(event.key));
      if (event.key.length === 1 && digit >= 1 && digit <= 9) {
        // The digit counts the cards that can be played, or all while none can.
        const choice = isOn ? cards.filter((card) => legal.has(card)) : cards;
        const card = choice[digit - 1];
        if (card) focus(cards.indexOf(card));
      } else if (here >= 0 && event.key === 'ArrowRight') focus(here + 1);
      else if (here >= 0 && event.key === 'ArrowLeft') focus(here - 1);
      else if (here >= 0 && event.key === 'Home') focus(0);
      else if (here >= 0 && event.key === 'End') focus(cards.length - 1);
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  });

  const back = cards.length > ROW ? Math.floor(cards.length / 2) : 0;
  return (
    <ul
      ref={list}
      class="hand"
      translate={false}
      data-on={isOn}
      data-rows={back > 0 ? 2 : 1}
      aria-label={text.t('your_hand')}
    >
      {cards.map((card, index) => {
        const playable = legal.has(card);
        const inBack = index < back;
        const size = inBack ? back : cards.length - back;
        const inRow = inBack ? index : index - back;
        return (
          <li
            key={card}
            data-row={inBack ? 'back' : 'front'}
            data-playable={isOn ? playable : undefined}
            data-sending={sending === card}
            style={{
              '--at': index - (cards.length - 1) / 2,
              '--gaps': Math.max(1, cards.length - 1),
              '--row-at': inRow - (size - 1) / 2,
              '--row-gaps': Math.max(1, size - 1),
              '--index': index,
            }}
          >
            <button
              type="button"
              class="hand-card"
              data-card={card}
              tabIndex={index === focused ? 0 : -1}
              aria-disabled={!playable}
              onFocus={() => {
                hadFocus.current = true;
                setAt(index);
              }}
              onBlur={({ relatedTarget }) => {
                if (relatedTarget !== null) hadFocus.current = false;
              }}
              // The second click of two was begun when the first card lay here; a key that is held is pressed once.
              onClick={({ detail }) => detail < 2 && (playable ? onPlay(card) : onIllegal(card))}
              onKeyDown={(event) => event.repeat && isPress(event) && event.preventDefault()}
            >
              <CardFace card={card} />
              <span class="unseen">{cardName(text, card)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
