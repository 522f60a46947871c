/** What tells king, queen and jack apart beside their letter, on a grid of 100: a crown, a diadem, a feathered cap. */
export const COURT_PATHS: Readonly<Record<string, string>> = {
  K: 'M8 30l22 20L50 10l20 40 22-20-10 52H18zM18 88h64v8H18z',
  Q: 'M14 40c10 2 18 8 22 18 0-16 6-30 14-38 8 8 14 22 14 38 4-10 12-16 22-18-2 18-6 30-8 42H22c-2-12-6-24-8-42zM22 88h56v8H22zM50 4a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM10 24a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM90 24a6 6 0 1 1 0 12 6 6 0 0 1 0-12z',
  J: 'M14 78c0-26 14-42 36-42s36 16 36 42zM10 84h80v10H10zM62 40C64 20 76 8 94 4c2 18-6 34-22 42z',
};
