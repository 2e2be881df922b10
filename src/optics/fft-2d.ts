import FFT from "fft.js";

/**
 * Complex 2-D Fourier transform of fixed size, sides powers of two.
 * Spectra are kept transposed (column after column): filters that multiply them must be laid out the same way,
 * which saves half of the transpositions.
 */
export class Fft2d {
  readonly width: number;
  readonly height: number;
  readonly #rows: FFT;
  readonly #columns: FFT;
  readonly #work: Float64Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#rows = new FFT(width);
    this.#columns = new FFT(height);
    this.#work = new Float64Array(2 * width * height);
  }

  /** Interleaved complex image [height, width] to interleaved complex spectrum [width, height], into `out`. */
  forward(image: Float64Array, out: Float64Array): void {
    const { width, height } = this;
    for (let y = 0; y < height; y++) {
      this.#rows.transform(
        this.#work.subarray(2 * y * width, 2 * (y + 1) * width),
        image.subarray(2 * y * width, 2 * (y + 1) * width),
      );
    }
    const columns = new Float64Array(2 * width * height);
    transpose(this.#work, columns, height, width);
    for (let x = 0; x < width; x++) {
      this.#columns.transform(
        out.subarray(2 * x * height, 2 * (x + 1) * height),
        columns.subarray(2 * x * height, 2 * (x + 1) * height),
      );
    }
  }

  /** The inverse of `forward`, scaled so that the two cancel; `spectrum` is left as it was. */
  inverse(spectrum: Float64Array, out: Float64Array): void {
    const { width, height } = this;
    const columns = new Float64Array(2 * width * height);
    for (let x = 0; x < width; x++) {
      this.#columns.inverseTransform(
        columns.subarray(2 * x * height, 2 * (x + 1) * height),
        spectrum.subarray(2 * x * height, 2 * (x + 1) * height),
      );
    }
    transpose(columns, this.#work, width, height);
    for (let y = 0; y < height; y++) {
      this.#rows.inverseTransform(
        out.subarray(2 * y * width, 2 * (y + 1) * width),
        this.#work.subarray(2 * y * width, 2 * (y + 1) * width),
      );
    }
  }
}

/** Blocks keep both sides of the copy in cache. */
function transpose(from: Float64Array, to: Float64Array, rows: number, columns: number): void {
  const block = 16;
  for (let top = 0; top < rows; top += block) {
    const bottom = Math.min(top + block, rows);
    for (let left = 0; left < columns; left += block) {
      const right = Math.min(left + block, columns);
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const source = 2 * (y * columns + x);
          const target = 2 * (x * rows + y);
          to[target] = from[source]!;
          to[target + 1] = from[source + 1]!;
        }
      }
    }
  }
}

/** The smallest power of two that is at least `length`. */
export function powerOfTwoFrom(length: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, length)));
}
