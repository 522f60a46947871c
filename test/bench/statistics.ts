/** What many runs add up to. */
export interface Spread {
  readonly median: number;
  /** A quarter of the runs is below the one, and a quarter above the other. */
  readonly quartiles: readonly [number, number];
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)] };
}

/** Of values in rising order; between two of them, their weighted mean. */
export function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
  return low + (high - low) * (place - Math.floor(place));
}

/** To three digits, as a figure is told. */
export const rounded = (value: number): number => Number(value.toPrecision(3));
