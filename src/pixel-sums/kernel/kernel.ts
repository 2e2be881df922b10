/**
 * Sums over pixels of 16 bits that lie one after the other from address 0 on, exact. AssemblyScript: `scripts/write-pixel-sums.ts` makes
 * WebAssembly of it, which takes eight pixels at a time.
 * @module
 */

/** Bytes of a pixel as a power of two, and pixels that are taken at once. */
const SHIFT: usize = 1;
const LANES: i32 = 8;
/** Highest value of a pixel. */
const TOP: i32 = 0xffff;

/** What `patchSums` gave last. */
export let sum: f64 = 0;
export let squares: f64 = 0;
export let differences: f64 = 0;

/** Lowest of the first pixels, at least one: what is left of the highest when all are counted from the top. */
export function lowest(count: i32): i32 {
  return TOP - highestOf(count, TOP);
}

/** Highest of the first pixels, at least one. */
export function highest(count: i32): i32 {
  return highestOf(count, 0);
}

/** Sum of the first pixels, 2^18 at most. */
export function total(count: i32): f64 {
  let sums = i32x4.splat(0);
  const whole = count - (count % LANES);
  for (let i = 0; i < whole; i += LANES) {
    sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(eightAt(i)));
  }
  let found: u64 = u64(u32(i32x4.extract_lane(sums, 0))) + u64(u32(i32x4.extract_lane(sums, 1)));
  found += u64(u32(i32x4.extract_lane(sums, 2))) + u64(u32(i32x4.extract_lane(sums, 3)));
  for (let i = whole; i < count; i++) found += u64(pixelAt(i));
  return f64(found);
}

/** How many of the first pixels have a value. */
export function occurrences(count: i32, value: i32): i32 {
  let found = 0;
  for (let i = 0; i < count; i++) found += i32(pixelAt(i) === value);
  return found;
}

/** Sum of the squared differences of pixels `lag` apart in a row, over the first `rows` rows. */
export function squaredDifferences(rows: i32, width: i32, lag: i32): f64 {
  const pairs = width - lag;
  const whole = pairs - (pairs % LANES);
  let found: f64 = 0;
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let low = i64x2.splat(0);
    let high = i64x2.splat(0);
    for (let i = start; i < start + whole; i += LANES) {
      const ahead = eightAt(i + lag);
      const here = eightAt(i);
      const first = i32x4.sub(i32x4.extend_low_i16x8_u(ahead), i32x4.extend_low_i16x8_u(here));
      const second = i32x4.sub(i32x4.extend_high_i16x8_u(ahead), i32x4.extend_high_i16x8_u(here));
      low = i64x2.add(low, i64x2.extmul_low_i32x4_s(first, first));
      high = i64x2.add(high, i64x2.extmul_high_i32x4_s(first, first));
      low = i64x2.add(low, i64x2.extmul_low_i32x4_s(second, second));
      high = i64x2.add(high, i64x2.extmul_high_i32x4_s(second, second));
    }
    low = i64x2.add(low, high);
    let sumOfRow = i64x2.extract_lane(low, 0) + i64x2.extract_lane(low, 1);
    for (let i = start + whole; i < start + pairs; i++) {
      const difference = i64(pixelAt(i + lag)) - i64(pixelAt(i));
      sumOfRow += difference * difference;
    }
    found += f64(sumOfRow);
  }
  return found;
}

/**
 * Of a patch that begins at column `left`, over the first `rows` rows, every `step`th pixel but the last of a row: `sum` and `squares` of
 * the counts over `from`, and `differences`, the sum of the squared differences to the next pixel.
 */
export function patchSums(rows: i32, width: i32, left: i32, side: i32, step: i32, from: i32): void {
  let counts: i64 = 0;
  let squaredCounts: i64 = 0;
  let squaredChanges: i64 = 0;
  for (let row = 0; row < rows; row++) {
    const start = row * width + left;
    for (let i = start; i < start + side - 1; i += step) {
      const count = i64(pixelAt(i) - from);
      const change = i64(pixelAt(i + 1) - from) - count;
      counts += count;
      squaredCounts += count * count;
      squaredChanges += change * change;
    }
  }
  sum = f64(counts);
  squares = f64(squaredCounts);
  differences = f64(squaredChanges);
}

/** @param flipped bits of each pixel that are flipped: all of them count from the top. */
function highestOf(count: i32, flipped: i32): i32 {
  const flips = i16x8.splat(i16(flipped));
  let most = i16x8.splat(0);
  const whole = count - (count % LANES);
  for (let i = 0; i < whole; i += LANES) most = i16x8.max_u(most, v128.xor(eightAt(i), flips));
  let found = 0;
  for (let i = whole; i < count; i++) found = max(found, pixelAt(i) ^ flipped);
  for (let lane = 0; lane < LANES; lane++) {
    found = max(found, i16x8.extract_lane_u(most, 0));
    most = i8x16.shuffle(most, most, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1);
  }
  return found;
}

function pixelAt(i: i32): i32 {
  return load<u16>(usize(i) << SHIFT);
}

function eightAt(i: i32): v128 {
  return v128.load(usize(i) << SHIFT);
}
