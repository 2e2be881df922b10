import { basename } from "node:path";
import { findImages } from "../frames/find-images.js";
import { readFrames } from "../frames/read-frames.js";
import { formatWell } from "../frames/wells.js";
import { toFloat } from "../optics/defocus.js";
import type { Random } from "../optics/random.js";

/** Side of a simulated frame, px: with the kernel's margin it fills a 512 x 512 transform. */
export const FRAME_PX = 462;

const ROWS = 4;
const COLUMNS = 6;
export const SITES_PER_WELL = 2;
/** Distance between wells of a 24-well plate, um. */
const PITCH_UM = 19_300;

/** One position of the plate: what is to be seen there, and where its plane of focus lies. */
export interface PlateSite {
  readonly name: string;
  readonly well: string;
  readonly row: number;
  readonly column: number;
  readonly index: number;
  readonly xUm: number;
  readonly yUm: number;
  /** Name of the image that is shown here. */
  readonly image: string;
  /** In-focus light, [FRAME_PX, FRAME_PX], 0 to 255. */
  readonly light: Float32Array;
  /** Plane of focus before any drift, um. */
  readonly focusUm: number;
}

/** How the plane of focus runs over the plate, um. */
export interface PlateShape {
  /** Difference between the left and the right edge, and between top and bottom. */
  readonly tiltUm: readonly [number, number];
  /** Height of the middle over the edges. */
  readonly bowUm: number;
  /** Standard deviation from well to well. */
  readonly roughnessUm: number;
}

export const DEFAULT_PLATE_SHAPE: PlateShape = { tiltUm: [12, 7], bowUm: 4, roughnessUm: 2 };

/**
 * A 24-well plate with two sites a well, made from real in-focus images; row by row, as a screen images it.
 * @param images at least one image of 462 x 462 px or more; they are used in turn.
 */
export async function makePlate(
  images: readonly string[],
  shape: PlateShape,
  random: Random,
): Promise<PlateSite[]> {
  const files = await findImages(images);
  const sites: PlateSite[] = [];
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const path = files[(row * COLUMNS + column) % files.length]!;
      const views = await viewsOf(path);
      const [across, down] = [column / (COLUMNS - 1) - 0.5, row / (ROWS - 1) - 0.5];
      const wellFocusUm =
        shape.tiltUm[0] * across +
        shape.tiltUm[1] * down +
        shape.bowUm * (0.5 - across ** 2 - down ** 2) +
        shape.roughnessUm * random.normal();
      for (let index = 0; index < SITES_PER_WELL; index++) {
        const well = formatWell(row, column);
        sites.push({
          name: `${well}-Site_${index}`,
          well,
          row,
          column,
          index,
          xUm: column * PITCH_UM + index * FRAME_PX,
          yUm: row * PITCH_UM,
          image: basename(path),
          light: views[index]!,
          focusUm: wellFocusUm + 0.3 * random.normal(),
        });
      }
    }
  }
  return sites;
}

/** The left and the right part of an image. */
async function viewsOf(path: string): Promise<Float32Array[]> {
  for await (const { frame } of readFrames(path)) {
    const light = toFloat(frame);
    if (frame.width < FRAME_PX || frame.height < FRAME_PX) break;
    const top = (frame.height - FRAME_PX) >> 1;
    return [0, frame.width - FRAME_PX].map((left) => {
      const view = new Float32Array(FRAME_PX * FRAME_PX);
      for (let y = 0; y < FRAME_PX; y++) {
        const start = (top + y) * frame.width + left;
        view.set(light.subarray(start, start + FRAME_PX), y * FRAME_PX);
      }
      return view;
    });
  }
  throw new RangeError(
    `${path}: the simulated microscope needs images of at least ${FRAME_PX} x ${FRAME_PX} px`,
  );
}
