/**
 * For a part of the page whose buttons act on the table as it is shown: one press is one act. The second click of two was begun
 * when something else lay there, and a key that is held is pressed once.
 */
export const deliberate = {
  onClickCapture: (event: MouseEvent) => {
    if (event.detail > 1) event.stopPropagation();
  },
  onKeyDownCapture: (event: KeyboardEvent) => {
    if (event.repeat && (event.key === 'Enter' || event.key === ' ')) event.preventDefault();
  },
};
