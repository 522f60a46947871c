/** Whether a quantity that was sampled at even steps grows. PURE. */

/** What a quantity may gain from the second third of its samples to the last one. */
export interface Allowance {
  /** Of its own size. */
  readonly share: number;
  /** In its unit: below this, growth says nothing. */
  readonly slack: number;
}

/**
 * The gain of the last third over the second one, by their medians; the first third is warm-up. Samples that are NaN are
 * left out.
 */
export function gain(values: readonly number[]): { readonly from: number; readonly to: number } {
  const third = Math.floor(values.length / 3);
  return { from: median(values.slice(third, 2 * third)), to: median(values.slice(2 * third)) };
}

export function isFlat(values: readonly number[], { share, slack }: Allowance): boolean {
  const { from, to } = gain(values);
  return to - from <= Math.max(slack, from * share);
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
