/** A round button with an icon for a face and its name for screen readers and pointers that rest. */
import { Icon, type IconName } from './icon.js';

export interface IconButtonProps {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
  readonly class?: string;
}

export function IconButton({ icon, label, onClick, class: more = '' }: IconButtonProps) {
  return (
    <button type="button" class={`icon-button ${more}`} aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}
