import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Seeded randomness, handed in wherever chance is needed: the same seed gives the same sequence everywhere. */
export class Random {
  readonly #generator;
  #spareNormal: number | undefined;

  /** @param seed any integer; only its low 32 bits count. */
  constructor(seed: number) {
    // Neighbouring seeds must not give neighbouring sequences: scramble (finaliser of MurmurHash3).
    let h = seed | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    this.#generator = xoroshiro128plus(h ^ (h >>> 16));
  }

  /** A generator of its own for item `index` of stream `seed`, whoever makes the items and in whatever order. */
  static of(seed: number, index: number): Random {
    return new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x27d4eb2f));
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return ((this.#generator.next() >>> 0) + 0.5) / 4294967296;
  }

  /** Uniform in [0, 1) with all 53 bits. */
  uniform53(): number {
    return uniformFloat64(this.#generator);
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Log-uniform in [low, high). */
  logBetween(low: number, high: number): number {
    return low * (high / low) ** this.uniform();
  }

  /** Uniform integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** The items in random order (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [result[i], result[j]] = [result[j]!, result[i]!];
    }
    return result;
  }

  /** Standard normal (Marsaglia's polar method). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    let u: number;
    let v: number;
    let s: number;
    do {
      u = 2 * this.uniform() - 1;
      v = 2 * this.uniform() - 1;
      s = u * u + v * v;
    } while (s >= 1 || s === 0);
    const factor = Math.sqrt((-2 * Math.log(s)) / s);
    this.#spareNormal = v * factor;
    return u * factor;
  }

  /** Poisson with the given mean, exact: product of uniforms below 12, Hörmann's PTRS (1993) above. */
  poisson(mean: number): number {
    if (mean <= 0) return 0;
    if (mean < 12) {
      const limit = Math.exp(-mean);
      let count = 0;
      let product = this.uniform();
      while (product > limit) {
        count++;
        product *= this.uniform();
      }
      return count;
    }
    const root = Math.sqrt(mean);
    const b = 0.931 + 2.53 * root;
    const a = -0.059 + 0.02483 * b;
    const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
    const quick = 0.9277 - 3.6224 / (b - 2);
    const logMean = Math.log(mean);
    for (;;) {
      const u = this.uniform() - 0.5;
      const v = this.uniform();
      const us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= quick) return k;
      if (k < 0 || (us < 0.013 && v > us)) continue;
      if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= k * logMean - mean - logFactorial(k))
        return k;
    }
  }
}

const SMALL_LOG_FACTORIALS = Float64Array.from({ length: 20 }, () => 0);
for (let k = 2; k < SMALL_LOG_FACTORIALS.length; k++) {
  SMALL_LOG_FACTORIALS[k] = SMALL_LOG_FACTORIALS[k - 1]! + Math.log(k);
}

/** ln k!, by table below 20, by Stirling's series above (error below 1e-10). */
function logFactorial(k: number): number {
  if (k < SMALL_LOG_FACTORIALS.length) return SMALL_LOG_FACTORIALS[k]!;
  const inverse = 1 / k;
  return (
    (k + 0.5) * Math.log(k) -
    k +
    0.9189385332046727 +
    inverse * (1 / 12 - inverse * inverse * (1 / 360 - (inverse * inverse) / 1260))
  );
}
