/** A small whole number with a button to either side. */
import { useText } from '../text/text.js';
import { IconButton } from './icon-button.js';

export interface StepperProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}

export function Stepper({ label, value, min, max, onChange }: StepperProps) {
  const { t, n } = useText();
  const to = (next: number) => onChange(Math.min(max, Math.max(min, next)));
  return (
    <fieldset class="stepper">
      <legend>{label}</legend>
      <IconButton icon="minus" label={t('less')} onClick={() => to(value - 1)} />
      <output aria-live="polite">{n(value)}</output>
      <IconButton icon="plus" label={t('more')} onClick={() => to(value + 1)} />
    </fieldset>
  );
}
