import type { Frame } from "../frames/frame.js";
import { Defocus } from "../optics/defocus.js";
import { highNaPointSpread } from "../optics/high-na-point-spread.js";
import { type Optics, REFERENCE_OPTICS } from "../optics/point-spread-function.js";
import type { Random } from "../optics/random.js";
import { expose, type Sensor } from "../optics/sensor.js";
import { FRAME_PX, type PlateSite } from "./plate.js";
import { ZDrive } from "./z-drive.js";

export interface MicroscopeSettings {
  readonly optics: Optics;
  /** Side of a frame, px. @default that of the plate's sites */
  readonly framePx?: number;
  /** Side that the blur of a point is cut to, px. @default that of `KERNEL_PX` */
  readonly kernelPx?: number;
  /** Defocus that the optics cannot tell from none: transfer functions are used again within it, um. @default 0.25 */
  readonly zGrainUm?: number;
  /** See `ZDrive`. */
  readonly driveStepUm?: number;
  readonly backlashUm?: number;
  readonly zLimitsUm: readonly [number, number];
  /** The plane of focus moves by this with each exposure (warming up), um. */
  readonly driftUmPerExposure: number;
  readonly sensor: Sensor;
}

export const DEFAULT_MICROSCOPE: MicroscopeSettings = {
  optics: REFERENCE_OPTICS,
  zLimitsUm: [-40, 40],
  driftUmPerExposure: 0.03,
  // A 12-bit camera, read out over an offset; the images' 8-bit counts are brought up to its range.
  sensor: {
    electronsPerCount: 8,
    readNoiseCounts: 4,
    exposure: 1,
    gain: 12,
    offsetCounts: 100,
    maxCount: 4095,
  },
};

const BIT_DEPTH = 12;

/** A microscope over a plate: a stage, a focus drive and a camera that sees what the optics would show. */
export class SimulatedMicroscope {
  readonly drive: ZDrive;
  readonly settings: MicroscopeSettings;
  readonly #framePx: number;
  readonly #defocus: Defocus;
  readonly #random: Random;
  #exposures = 0;

  constructor(settings: MicroscopeSettings, random: Random) {
    this.settings = settings;
    const { optics, framePx = FRAME_PX, kernelPx } = settings;
    this.drive = new ZDrive(settings.zLimitsUm, settings.driveStepUm, settings.backlashUm);
    this.#framePx = framePx;
    this.#defocus = new Defocus(framePx, framePx, optics, highNaPointSpread, kernelPx);
    this.#random = random;
  }

  get exposures(): number {
    return this.#exposures;
  }

  /** Where the drive stands above (+) or below (-) the site's plane of focus now, um. The truth, unknown to scoring. */
  defocusUm(site: PlateSite): number {
    return this.drive.actualUm - (site.focusUm + this.#exposures * this.settings.driftUmPerExposure);
  }

  /** Takes a frame of the site at the drive's position. */
  snap(site: PlateSite): { frame: Frame; defocusUm: number } {
    const { zGrainUm = 0.25 } = this.settings;
    const defocusUm = this.defocusUm(site);
    const light = this.#defocus.apply(site.light, Math.round(defocusUm / zGrainUm) * zGrainUm);
    const pixels = expose(light, this.settings.sensor, this.#random);
    this.#exposures++;
    const framePx = this.#framePx;
    return { frame: { width: framePx, height: framePx, pixels, bitDepth: BIT_DEPTH }, defocusUm };
  }
}
