import { Fft2d, powerOfTwoFrom } from "./fft-2d.js";

/** A transfer function prepared for one `Convolver`: real, since the kernels are symmetric. */
export type TransferFunction = Float64Array;

/**
 * Convolution of images of one size with symmetric kernels, by FFT, with the border mirrored
 * (half-sample symmetric, as SciPy's `boundary="symm"`). Two images, or one image under two kernels, share one transform.
 */
export class Convolver {
  readonly width: number;
  readonly height: number;
  readonly kernelPx: number;
  readonly #fft: Fft2d;
  readonly #buffer: Float64Array;

  /** @param kernelPx odd side of the largest kernel. */
  constructor(width: number, height: number, kernelPx: number) {
    this.width = width;
    this.height = height;
    this.kernelPx = kernelPx;
    this.#fft = new Fft2d(powerOfTwoFrom(width + kernelPx - 1), powerOfTwoFrom(height + kernelPx - 1));
    this.#buffer = new Float64Array(2 * this.#fft.width * this.#fft.height);
  }

  /** The transfer function of a square kernel of odd side with `kernel[-y, -x] = kernel[y, x]`. */
  transferFunction(kernel: Float64Array): TransferFunction {
    const side = Math.sqrt(kernel.length);
    const half = (side - 1) / 2;
    const { width, height } = this.#fft;
    const image = new Float64Array(2 * width * height);
    for (let y = -half; y <= half; y++) {
      for (let x = -half; x <= half; x++) {
        const target = ((y + height) % height) * width + ((x + width) % width);
        image[2 * target] = kernel[(y + half) * side + x + half]!;
      }
    }
    const spectrum = new Float64Array(image.length);
    this.#fft.forward(image, spectrum);
    return Float64Array.from({ length: width * height }, (_, i) => spectrum[2 * i]!);
  }

  /** The spectrum of one real image, or of two at once: the second rides in the imaginary part. */
  spectrum(first: Float32Array, second?: Float32Array): Float64Array {
    const image = this.#buffer.fill(0);
    this.#mirror(first, image, 0);
    if (second) this.#mirror(second, image, 1);
    const spectrum = new Float64Array(image.length);
    this.#fft.forward(image, spectrum);
    return spectrum;
  }

  /** Both images of `spectrum` under one kernel. */
  convolveBoth(spectrum: Float64Array, transfer: TransferFunction): [Float32Array, Float32Array] {
    const product = new Float64Array(spectrum.length);
    for (let i = 0; i < transfer.length; i++) {
      product[2 * i] = spectrum[2 * i]! * transfer[i]!;
      product[2 * i + 1] = spectrum[2 * i + 1]! * transfer[i]!;
    }
    return this.#inverse(product);
  }

  /** The one image of `spectrum` under each of two kernels. */
  convolveTwice(
    spectrum: Float64Array,
    first: TransferFunction,
    second: TransferFunction,
  ): [Float32Array, Float32Array] {
    const product = new Float64Array(spectrum.length);
    for (let i = 0; i < first.length; i++) {
      const real = spectrum[2 * i]!;
      const imaginary = spectrum[2 * i + 1]!;
      product[2 * i] = real * first[i]! - imaginary * second[i]!;
      product[2 * i + 1] = imaginary * first[i]! + real * second[i]!;
    }
    return this.#inverse(product);
  }

  #inverse(product: Float64Array): [Float32Array, Float32Array] {
    this.#fft.inverse(product, this.#buffer);
    const real = new Float32Array(this.width * this.height);
    const imaginary = new Float32Array(this.width * this.height);
    const margin = (this.kernelPx - 1) / 2;
    for (let y = 0; y < this.height; y++) {
      let source = 2 * ((y + margin) * this.#fft.width + margin);
      for (let x = 0; x < this.width; x++, source += 2) {
        real[y * this.width + x] = this.#buffer[source]!;
        imaginary[y * this.width + x] = this.#buffer[source + 1]!;
      }
    }
    return [real, imaginary];
  }

  /** Copies the image with a mirrored margin; past the margin stays zero, which no wanted pixel reaches. */
  #mirror(image: Float32Array, out: Float64Array, part: 0 | 1): void {
    if (image.length !== this.width * this.height) {
      throw new RangeError(
        `expected an image of ${this.width} x ${this.height} px, got ${image.length} pixels`,
      );
    }
    const margin = (this.kernelPx - 1) / 2;
    for (let y = 0; y < this.height + 2 * margin; y++) {
      const sourceRow = mirrored(y - margin, this.height) * this.width;
      const targetRow = y * this.#fft.width;
      for (let x = 0; x < this.width + 2 * margin; x++) {
        out[2 * (targetRow + x) + part] = image[sourceRow + mirrored(x - margin, this.width)]!;
      }
    }
  }
}

/** Index of the pixel that a mirrored border shows at `index`: ... c b a | a b c ... */
export function mirrored(index: number, length: number): number {
  const period = 2 * length;
  const folded = ((index % period) + period) % period;
  return folded < length ? folded : period - 1 - folded;
}
