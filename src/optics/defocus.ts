import type { Frame } from "../frames/frame.js";
import { Convolver, type TransferFunction } from "./convolution.js";
import { defocusKernel, KERNEL_PX } from "./defocus-kernel.js";
import { highNaPointSpread } from "./high-na-point-spread.js";
import { type Optics, type PointSpread, REFERENCE_OPTICS } from "./point-spread-function.js";

/** Blurs images of one size as a defocus of any z would, remembering what it worked out for each z. */
export class Defocus {
  readonly #convolver: Convolver;
  readonly #optics: Optics;
  readonly #spread: PointSpread;
  readonly #kernelPx: number;
  readonly #transfers = new Map<number, TransferFunction>();

  constructor(
    width: number,
    height: number,
    optics: Optics = REFERENCE_OPTICS,
    spread: PointSpread = highNaPointSpread,
    kernelPx = KERNEL_PX,
  ) {
    this.#convolver = new Convolver(width, height, kernelPx);
    this.#kernelPx = kernelPx;
    this.#optics = optics;
    this.#spread = spread;
  }

  /** The image as seen `zUm` from focus; same unit as the image. */
  apply(image: Float32Array, zUm: number): Float32Array {
    return this.#convolver.convolveBoth(this.#convolver.spectrum(image), this.#transfer(zUm))[0];
  }

  /** The image at several defocuses, for the price of one forward and half as many inverse transforms. */
  applyMany(image: Float32Array, zsUm: readonly number[]): Float32Array[] {
    const spectrum = this.#convolver.spectrum(image);
    const blurred: Float32Array[] = [];
    for (let i = 0; i < zsUm.length; i += 2) {
      const first = this.#transfer(zsUm[i]!);
      const second = i + 1 < zsUm.length ? this.#transfer(zsUm[i + 1]!) : first;
      blurred.push(...this.#convolver.convolveTwice(spectrum, first, second));
    }
    return blurred.slice(0, zsUm.length);
  }

  #transfer(zUm: number): TransferFunction {
    const z = Math.abs(zUm);
    let transfer = this.#transfers.get(z);
    if (!transfer) {
      const kernel = defocusKernel(z, this.#optics, this.#kernelPx, this.#spread);
      transfer = this.#convolver.transferFunction(kernel);
      this.#transfers.set(z, transfer);
    }
    return transfer;
  }
}

/** Pixel values of a frame as floating point numbers, camera counts. */
export function toFloat(frame: Frame): Float32Array {
  return Float32Array.from(frame.pixels);
}
