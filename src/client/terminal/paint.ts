/** Colours and weights of text. `plain` is the same without any, for NO_COLOR and files. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  inverse(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** Each ends with its own reset only, so that they can be nested. */
const style = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;

export const coloured: Paint = {
  bold: style(1, 22),
  dim: style(2, 22),
  inverse: style(7, 27),
  red: style(31, 39),
  green: style(32, 39),
  yellow: style(33, 39),
  cyan: style(36, 39),
};

const same = (text: string) => text;
export const plain: Paint = {
  bold: same,
  dim: same,
  inverse: same,
  red: same,
  green: same,
  yellow: same,
  cyan: same,
};
