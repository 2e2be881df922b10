import { beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_PLATE_SHAPE, FRAME_PX, makePlate, type PlateSite } from "../../src/microscope/plate.js";
import {
  DEFAULT_MICROSCOPE,
  type MicroscopeSettings,
  SimulatedMicroscope,
} from "../../src/microscope/simulated-microscope.js";
import { Random } from "../../src/optics/random.js";

let sites: PlateSite[];

beforeAll(async () => {
  sites = await makePlate(["data/plate"], DEFAULT_PLATE_SHAPE, new Random(1));
});

describe("makePlate", () => {
  it("lays 48 sites over 24 wells, each with an image and a name of its own", () => {
    expect(sites).toHaveLength(48);
    expect(new Set(sites.map(({ name }) => name)).size).toBe(48);
    expect(sites.map(({ well }) => well).slice(0, 4)).toEqual(["A01", "A01", "A02", "A02"]);
    expect(sites.every(({ light }) => light.length === FRAME_PX * FRAME_PX)).toBe(true);
  });

  it("is the same plate for the same seed and another one for another seed", async () => {
    const focus = async (seed: number) =>
      (await makePlate(["data/plate"], DEFAULT_PLATE_SHAPE, new Random(seed))).map(({ focusUm }) => focusUm);

    expect(await focus(1)).toEqual(sites.map(({ focusUm }) => focusUm));
    expect(await focus(2)).not.toEqual(sites.map(({ focusUm }) => focusUm));
  });
});

describe("SimulatedMicroscope", () => {
  it("shows less detail the farther its drive stands from focus, alike on both sides", () => {
    const still = { ...DEFAULT_MICROSCOPE, driftUmPerExposure: 0 };
    const microscope = new SimulatedMicroscope(still, new Random(1));
    const site = sites[0]!;
    const detailAt = (distanceUm: number) => {
      microscope.drive.moveTo(site.focusUm + distanceUm);
      return detail(microscope.snap(site).frame.pixels, FRAME_PX);
    };

    const [sharp, near, far, otherSide] = [detailAt(0), detailAt(4), detailAt(12), detailAt(-4)];

    expect(sharp).toBeGreaterThan(near);
    expect(near).toBeGreaterThan(far);
    expect(otherSide / near).toBeCloseTo(1, 1);
  });

  it("shows a plate through another objective, in frames of another size, where less defocus blurs as much", () => {
    const optics = { numericalAperture: 0.95, refractiveIndex: 1, wavelengthNm: 520, pixelUm: 0.325 };
    const framePx = 256;
    const light = sites[0]!.light.filter(
      (_, i) => i % FRAME_PX < framePx && Math.floor(i / FRAME_PX) < framePx,
    );
    const detailAt = (settings: Partial<MicroscopeSettings>, distanceUm: number) => {
      const still = { ...DEFAULT_MICROSCOPE, framePx, driftUmPerExposure: 0 };
      const microscope = new SimulatedMicroscope({ ...still, ...settings }, new Random(1));
      microscope.drive.moveTo(distanceUm);
      const { frame } = microscope.snap({ ...sites[0]!, light, focusUm: 0 });
      return detail(frame.pixels, frame.width);
    };
    const high = { optics, kernelPx: 101, zGrainUm: 0.05 };

    expect(detailAt(high, 2) / detailAt(high, 0)).toBeLessThan(0.6 * (detailAt({}, 2) / detailAt({}, 0)));
    // A kernel cut too small would lose what it spreads beyond it.
    expect(detailAt({ ...high, kernelPx: 151 }, 2) / detailAt(high, 2)).toBeCloseTo(1, 1);
  });

  it("drifts with every exposure", () => {
    const microscope = new SimulatedMicroscope(DEFAULT_MICROSCOPE, new Random(1));
    const site = sites[0]!;

    const first = microscope.snap(site).defocusUm;
    const second = microscope.snap(site).defocusUm;

    expect(first - second).toBeCloseTo(DEFAULT_MICROSCOPE.driftUmPerExposure, 10);
    expect(microscope.exposures).toBe(2);
  });
});

/** Mean squared difference between pixels three apart, above that of the camera's noise. */
function detail(pixels: ArrayLike<number>, width: number): number {
  let sum = 0;
  for (let i = 3; i < pixels.length; i++) if (i % width >= 3) sum += (pixels[i]! - pixels[i - 3]!) ** 2;
  return sum / pixels.length;
}
