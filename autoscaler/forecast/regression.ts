/** Least squares over the last days, refitted once a day from sums kept by day. PURE. */

/** Keeps the coefficients of features that hardly vary near 0. */
const RIDGE = 1e-3;

export class DailyRegression {
  private readonly size: number;
  /** By day: the upper triangle of the products of features, then their products with the outcome. */
  private readonly days: Float64Array[];
  private day = 0;
  private fitted: Float64Array | undefined;

  constructor(
    private readonly features: number,
    days: number,
  ) {
    this.size = (features * (features + 1)) / 2 + features;
    this.days = Array.from({ length: days }, () => new Float64Array(this.size));
  }

  /** One observation. `features` may be longer; `at` is where they begin. */
  add(features: Float64Array, at: number, outcome: number, weight: number): void {
    const sums = this.days[this.day] as Float64Array;
    const count = this.features;
    let slot = 0;
    for (let row = 0; row < count; row++) {
      const scaled = (features[at + row] as number) * weight;
      for (let column = row; column < count; column++) {
        sums[slot] = (sums[slot] as number) + scaled * (features[at + column] as number);
        slot += 1;
      }
    }
    for (let row = 0; row < count; row++) {
      sums[slot] = (sums[slot] as number) + (features[at + row] as number) * weight * outcome;
      slot += 1;
    }
  }

  /** Fits anew to all days kept, and begins the next day. */
  endDay(): void {
    const total = new Float64Array(this.size);
    for (const sums of this.days)
      for (let slot = 0; slot < this.size; slot++) total[slot] = at(total, slot) + at(sums, slot);
    this.fitted = solve(total, this.features);
    this.day = (this.day + 1) % this.days.length;
    this.days[this.day]?.fill(0);
  }

  /** Undefined before the first day has ended. */
  predict(features: Float64Array, from: number): number | undefined {
    const { fitted } = this;
    if (!fitted) return undefined;
    let sum = 0;
    for (let slot = 0; slot < this.features; slot++)
      sum += (fitted[slot] as number) * (features[from + slot] as number);
    return sum;
  }
}

const at = (values: Float64Array, slot: number): number => values[slot] ?? 0;

/** Gauss with pivots on the normal equations. */
function solve(sums: Float64Array, count: number): Float64Array {
  const width = count + 1;
  const rows: Float64Array[] = Array.from({ length: count }, () => new Float64Array(width));
  let slot = 0;
  for (const [row, cells] of rows.entries()) {
    for (let column = row; column < count; column++) {
      const value = at(sums, slot++);
      cells[column] = column === row ? value * (1 + RIDGE) + 1e-9 : value;
      const mirror = rows[column];
      if (mirror && column !== row) mirror[row] = value;
    }
  }
  for (const cells of rows) cells[count] = at(sums, slot++);
  for (let step = 0; step < count; step++) {
    let pivot = step;
    for (let row = step + 1; row < count; row++) {
      if (Math.abs(at(rows[row] ?? sums, step)) > Math.abs(at(rows[pivot] ?? sums, step))) pivot = row;
    }
    const lead = rows[pivot] as Float64Array;
    rows[pivot] = rows[step] as Float64Array;
    rows[step] = lead;
    for (let row = step + 1; row < count; row++) {
      const cells = rows[row] as Float64Array;
      const factor = at(cells, step) / at(lead, step);
      if (factor !== 0)
        for (let column = step; column < width; column++) cells[column] = at(cells, column) - factor * at(lead, column);
    }
  }
  const solution = new Float64Array(count);
  for (let row = count - 1; row >= 0; row--) {
    const cells = rows[row] as Float64Array;
    let value = at(cells, count);
    for (let column = row + 1; column < count; column++) value -= at(cells, column) * at(solution, column);
    solution[row] = value / at(cells, row);
  }
  return solution;
}
