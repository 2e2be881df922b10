/**
 * How the microscope, the light and the plate are in the runs of the benchmark. Everything that is a length goes with the um
 * per level of the objective, so that each setting is as hard under any of them.
 * @module
 */
import { binningFor } from "../../src/focus/binning.js";
import {
  DEFAULT_PLATE_SHAPE,
  FRAME_PX,
  makePlate,
  type PlateShape,
  type PlateSite,
} from "../../src/microscope/plate.js";
import { DEFAULT_MICROSCOPE, SimulatedMicroscope } from "../../src/microscope/simulated-microscope.js";
import { KERNEL_PX } from "../../src/optics/defocus-kernel.js";
import { micrometresPerLevel } from "../../src/optics/micrometres-per-level.js";
import { LEVEL_UM, type Optics, REFERENCE_OPTICS } from "../../src/optics/point-spread-function.js";
import { Random } from "../../src/optics/random.js";
import { enlargedPart } from "../../src/training/region.js";

export interface Setting {
  readonly name: string;
  /** Photoelectrons at the brightest count; the default microscope has 2040. */
  readonly electrons?: number;
  /** What the controller says of its pixels over what they are: optics stated wrong. */
  readonly statedPixels?: number;
  readonly shape?: PlateShape;
  readonly objective?: Optics;
  /** Side of the part of the field that shows something, its upper left, as a share. */
  readonly part?: number;
  /** Of the drive; the agent is not told. */
  readonly backlashUm?: number;
  /** How much higher than planned the plate lies, um. */
  readonly plateUm?: number;
}

const objective = (numericalAperture: number, pixelUm: number, refractiveIndex = 1): Optics => ({
  ...{ numericalAperture, refractiveIndex, wavelengthNm: 520, pixelUm },
});

/** What all sources together are shown with, beside each source as it is. */
export const OTHER_SETTINGS: readonly Setting[] = [
  { name: "10 electrons", electrons: 10 },
  { name: "30 electrons", electrons: 30 },
  { name: "100 electrons", electrons: 100 },
  { name: "3000 electrons", electrons: 3000 },
  { name: "a ninth of the field", part: 1 / 3 },
  { name: "pixels stated twice as large", statedPixels: 2 },
  { name: "pixels stated half as large", statedPixels: 0.5 },
  { name: "errors to about 20 um", shape: { tiltUm: [24, 14], bowUm: 0, roughnessUm: 4 } },
  { name: "plate 22 um too high", plateUm: 22 },
  { name: "plate 22 um too low", plateUm: -22 },
  { name: "1 um of backlash", backlashUm: 1 },
  // A level is 38 um there: the plate is as uneven as plates are.
  {
    name: "4x/0.13, 1.625 um",
    objective: objective(0.13, 1.625),
    shape: { tiltUm: [4, 3], bowUm: 2, roughnessUm: 0.5 },
  },
  { name: "10x/0.3, 0.65 um", objective: objective(0.3, 0.65) },
  { name: "20x/0.75, 0.325 um", objective: objective(0.75, 0.325) },
  { name: "40x/0.95, 0.1625 um", objective: objective(0.95, 0.1625) },
  { name: "60x/1.4 oil, 0.108 um", objective: objective(1.4, 0.108, 1.515) },
];

const FULL_COUNT = 255;
/** The drive reaches so many levels either way. */
const RANGE_LEVELS = 20;
const DRIVE_STEP_LEVELS = 0.0125;
const GRAIN_LEVELS = 0.125;
/** Share of the counts that a field without anything has. */
const BACKGROUND = 0.05;

/** A plate and a microscope over it; `levelUm` is how far from focus one level lies. */
export interface SetUp {
  readonly plate: readonly PlateSite[];
  readonly microscope: SimulatedMicroscope;
  readonly levelUm: number;
}

export async function setUp(images: readonly string[], setting: Setting, seed: number): Promise<SetUp> {
  const { electrons, objective: optics, backlashUm, part = 1, plateUm = 0 } = setting;
  // The images are what the objective shows at the sampling that it is judged at.
  const binning = optics === undefined ? 1 : binningFor(optics);
  const levelUm =
    optics === undefined ? LEVEL_UM : micrometresPerLevel({ ...optics, pixelUm: binning * optics.pixelUm });
  const scale = levelUm / LEVEL_UM;
  const plate = await makePlate(
    images,
    scaled(setting.shape ?? DEFAULT_PLATE_SHAPE, scale),
    Random.of(seed, 0),
  );
  const { sensor, driftUmPerExposure } = DEFAULT_MICROSCOPE;
  const limitUm = RANGE_LEVELS * levelUm;
  const microscope = new SimulatedMicroscope(
    {
      optics: optics ?? REFERENCE_OPTICS,
      framePx: binning * FRAME_PX,
      kernelPx: binning * (KERNEL_PX - 1) + 1,
      zLimitsUm: [-limitUm, limitUm],
      zGrainUm: GRAIN_LEVELS * levelUm,
      driveStepUm: DRIVE_STEP_LEVELS * levelUm,
      driftUmPerExposure: scale * driftUmPerExposure,
      ...(backlashUm !== undefined && { backlashUm }),
      sensor: {
        ...sensor,
        electronsPerCount: electrons === undefined ? sensor.electronsPerCount : electrons / FULL_COUNT,
      },
    },
    Random.of(seed, 1),
  );
  const shown = plate.map((site) => ({
    ...site,
    focusUm: site.focusUm + scale * plateUm,
    light: enlarged(cutTo(part, site.light), binning),
  }));
  return { plate: shown, microscope, levelUm };
}

function scaled({ tiltUm, bowUm, roughnessUm }: PlateShape, by: number): PlateShape {
  return { tiltUm: [by * tiltUm[0], by * tiltUm[1]], bowUm: by * bowUm, roughnessUm: by * roughnessUm };
}

/** What lies beyond a part of the field is as dark as the darkest of it. */
function cutTo(part: number, light: Float32Array): Float32Array {
  if (part === 1) return light;
  const end = Math.round(part * FRAME_PX);
  const dark = light.toSorted()[Math.floor(BACKGROUND * light.length)]!;
  return light.map((value, i) => (Math.max(i % FRAME_PX, Math.floor(i / FRAME_PX)) < end ? value : dark));
}

function enlarged(light: Float32Array, factor: number): Float32Array {
  if (factor === 1) return light;
  // Whole numbers, finely enough.
  const pixels = Uint16Array.from(light, (value) => FULL_COUNT * value);
  const part = enlargedPart(
    { width: FRAME_PX, height: FRAME_PX, pixels },
    factor,
    { left: 0, top: 0 },
    factor * FRAME_PX,
  );
  return part.map((value) => value / FULL_COUNT);
}
