/** Randomness of the backtest: seeded, so that every run of one seed is the same on every machine. */

/** Uniform numbers in [0, 1). */
export type Uniform = () => number;

/** sfc32, a small fast generator with a period of about 2^128, seeded through splitmix32. */
export function seeded(seed: number): Uniform {
  let mixed = seed | 0;
  const mix = () => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let value = mixed ^ (mixed >>> 16);
    value = Math.imul(value, 0x21f0aaad);
    value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
    return value ^ (value >>> 15);
  };
  let [a, b, c, counter] = [mix(), mix(), mix(), 1];
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
}

/** Above this mean the samplers reject from an envelope (Hörmann 1993) instead of counting up. */
const ENVELOPE = 10;

/** How many events of a Poisson process with this mean happen. */
export function poisson(uniform: Uniform, mean: number): number {
  if (mean <= 0) return 0;
  if (mean < ENVELOPE) {
    const limit = Math.exp(-mean);
    let product = uniform();
    let count = 0;
    for (; product > limit; count++) product *= uniform();
    return count;
  }
  const logMean = Math.log(mean);
  const b = 0.931 + 2.53 * Math.sqrt(mean);
  const a = -0.059 + 0.02483 * b;
  const scale = 1.1239 + 1.1328 / (b - 3.4);
  const accept = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= accept) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (Math.log((v * scale) / (a / (us * us) + b)) <= -mean + k * logMean - logFactorial(k)) return k;
  }
}

/** How many of `trials` succeed, each with probability `p`. */
export function binomial(uniform: Uniform, trials: number, p: number): number {
  if (trials <= 0 || p <= 0) return 0;
  if (p >= 1) return trials;
  if (p > 0.5) return trials - binomial(uniform, trials, 1 - p);
  return trials * p < ENVELOPE ? binomialByGaps(uniform, trials, p) : binomialByEnvelope(uniform, trials, p);
}

/** Jumps from success to success. */
function binomialByGaps(uniform: Uniform, trials: number, p: number): number {
  const logFail = Math.log1p(-p);
  let count = 0;
  let at = 0;
  for (;;) {
    at += Math.floor(Math.log(1 - uniform()) / logFail) + 1;
    if (at > trials) return count;
    count += 1;
  }
}

function binomialByEnvelope(uniform: Uniform, trials: number, p: number): number {
  const spread = Math.sqrt(trials * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const centre = trials * p + 0.5;
  const accept = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const mode = Math.floor((trials + 1) * p);
  const logOdds = Math.log(p / (1 - p));
  const atMode = logFactorial(mode) + logFactorial(trials - mode);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + centre);
    if (us >= 0.07 && v <= accept) return k;
    if (k < 0 || k > trials) continue;
    const limit = atMode - logFactorial(k) - logFactorial(trials - k) + (k - mode) * logOdds;
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= limit) return k;
  }
}

const TABLE = new Float64Array(256);
for (let n = 1; n < TABLE.length; n++) TABLE[n] = (TABLE[n - 1] ?? 0) + Math.log(n);

/** ln(n!), by Stirling's series above the table. */
function logFactorial(n: number): number {
  if (n < TABLE.length) return TABLE[n] ?? 0;
  const x = n + 1;
  return (x - 0.5) * Math.log(x) - x + 0.9189385332046727 + 1 / (12 * x) - 1 / (360 * x * x * x);
}
