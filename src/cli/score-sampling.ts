import type { Calibration } from "../calibration/calibration-file.js";
import type { Sampling } from "../focus/binning.js";
import { holdsPatch } from "../frames/frame.js";
import type { FrameMetadata } from "../frames/micro-manager-metadata.js";
import type { FramePage } from "../frames/read-frames.js";
import { type OpticsArguments, type StoredSampling, samplingAt, unknownPixel } from "./optics-options.js";

/** How the pages of a table are judged. What neither options nor files tell of the optics is said once of the first file. */
export class ScoreSampling {
  readonly #optics: OpticsArguments;
  readonly #calibration: Calibration | undefined;
  readonly #say: (text: string) => void;
  readonly #said = new Set<string>();

  constructor(optics: OpticsArguments, calibration: Calibration | undefined, say: (text: string) => void) {
    this.#optics = optics;
    this.#calibration = calibration;
    this.#say = say;
  }

  /** @throws FrameReadError as `samplingAt` does. */
  of(path: string, page: FramePage): Sampling | undefined {
    if (this.#calibration !== undefined) return this.#calibration;
    const sampling = samplingAt(path, this.#optics, page);
    const note = holdsPatch(page.frame) ? noteOn(this.#optics, page.metadata, sampling) : undefined;
    if (note !== undefined && !this.#said.has(note)) {
      this.#said.add(note);
      this.#say(`${path}: ${note}`);
    }
    return sampling;
  }
}

function noteOn(
  { na }: OpticsArguments,
  told: FrameMetadata,
  sampling: StoredSampling | undefined,
): string | undefined {
  if (sampling === undefined) {
    return `the file ${unknownPixel(told)}; where pixels are small for the objective, sharp images are taken for blurred: give --na and --pixel-um`;
  }
  const { binning, limit } = sampling;
  const how = binning === 1 ? "not binned" : `binned ${binning} x ${binning}`;
  if (limit !== undefined) {
    const reason = limit === "its size" ? "the image is too small for more" : "more is not done";
    return `its pixels are small for the objective; judged ${how}, less than they want, as ${reason}: sharp images may be taken for blurred`;
  }
  if (na !== undefined || told.objective !== undefined) return undefined;
  return `the aperture is not known; judged ${how}, as the size of its pixels wants with any objective: --na makes sure`;
}
