import type { Frame } from "../frames/frame.js";
import { FourierTransform } from "./fourier-transform.js";

/** Power of frames of one size by spatial frequency, as centrosome's `radial_power_spectrum.rps` gives it, times a factor. */
export class RadialPowerSpectrum {
  /**
   * Radii of the rings, 2 to floor(min(height, width) / 8) - 1: whole part of the distance from the nearest corner of the spectrum,
   * plus 1. As in centrosome, a negative frequency -f counts as f - 1.
   */
  readonly radii: readonly number[];
  readonly #width: number;
  readonly #height: number;
  readonly #alongRows: FourierTransform;
  readonly #alongColumns: FourierTransform;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    const rings = Math.max(0, Math.floor(Math.min(width, height) / 8) - 2);
    this.radii = Array.from({ length: rings }, (_, ring) => ring + 2);
    this.#alongRows = new FourierTransform(width);
    this.#alongColumns = new FourierTransform(height);
  }

  /** Sum of |F(counts - mean)|^2 over each ring, in the order of `radii`. */
  of(pixels: Frame["pixels"]): Float64Array {
    const powers = new Float64Array(this.radii.length);
    if (powers.length === 0) return powers;
    const height = this.#height;
    const reach = this.radii.at(-1)!;
    const columns = this.#lowColumns(pixels, reach + 1);
    const add = (y: number, x: number, power: number) => {
      const ring = Math.floor(Math.sqrt(y * y + x * x)) - 1;
      if (ring >= 0 && ring < powers.length) powers[ring]! += power;
    };
    for (let row = 0; row < height; row++) {
      const y = Math.min(row, height - 1 - row);
      if (y >= reach) continue;
      for (let x = 0; x < reach; x++) {
        add(y, x, columns[x]![row]!);
        // Counts are real, so column -(x + 1) is the mirror image of column x + 1.
        add(y, x, columns[x + 1]![(height - row) % height]!);
      }
    }
    return powers;
  }

  /** |F|^2 of the first `count` columns of the spectrum. */
  #lowColumns(pixels: Frame["pixels"], count: number): Float64Array[] {
    const height = this.#height;
    const halfway = this.#transformedRows(pixels, count);
    const spectrum = new Float64Array(2 * height);
    return halfway.map((column) => {
      this.#alongColumns.forward(column, spectrum);
      return Float64Array.from(
        { length: height },
        (_, row) => spectrum[2 * row]! ** 2 + spectrum[2 * row + 1]! ** 2,
      );
    });
  }

  /** Rows transformed, two at a time as the real and the imaginary part of one; the first `count` columns of that. */
  #transformedRows(pixels: Frame["pixels"], count: number): Float64Array[] {
    const [width, height] = [this.#width, this.#height];
    let sum = 0;
    for (const value of pixels) sum += value;
    const mean = sum / pixels.length;
    const columns = Array.from({ length: count }, () => new Float64Array(2 * height));
    const pair = new Float64Array(2 * width);
    const spectrum = new Float64Array(2 * width);
    for (let row = 0; row < height; row += 2) {
      const isLast = row + 1 === height;
      for (let x = 0; x < width; x++) {
        pair[2 * x] = pixels[row * width + x]! - mean;
        pair[2 * x + 1] = isLast ? 0 : pixels[(row + 1) * width + x]! - mean;
      }
      this.#alongRows.forward(pair, spectrum);
      for (const [x, column] of columns.entries()) {
        const [i, mirrored] = [2 * x, 2 * ((width - x) % width)];
        const [re, im] = [spectrum[i]!, spectrum[i + 1]!];
        const [mirroredRe, mirroredIm] = [spectrum[mirrored]!, spectrum[mirrored + 1]!];
        column[2 * row] = (re + mirroredRe) / 2;
        column[2 * row + 1] = (im - mirroredIm) / 2;
        if (isLast) continue;
        column[2 * row + 2] = (im + mirroredIm) / 2;
        column[2 * row + 3] = (mirroredRe - re) / 2;
      }
    }
    return columns;
  }
}
