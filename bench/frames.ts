/**
 * Frames of the benchmarks: a real image at one site after the other of a plate, and noise.
 * @module
 */
import type { Frame } from "../src/frames/frame.js";
import { DEFAULT_PLATE_SHAPE, makePlate } from "../src/microscope/plate.js";
import { Random } from "../src/optics/random.js";
import type { FrameMessage } from "../src/protocol/messages.js";

const WELL_COLUMNS = 24;

/** Counts of an in-focus frame of `sidePx` x `sidePx`, made of a real image, mirrored to fill it. */
export async function benchFrame(sidePx: number): Promise<Uint16Array> {
  const [site] = await makePlate(["data/plate"], DEFAULT_PLATE_SHAPE, Random.of(1, 0));
  const side = Math.sqrt(site!.light.length);
  const mirrored = (i: number) => (Math.floor(i / side) % 2 === 0 ? i % side : side - 1 - (i % side));
  return Uint16Array.from({ length: sidePx * sidePx }, (_, i) => {
    const [y, x] = [Math.floor(i / sidePx), i % sidePx];
    return 100 + 10 * site!.light[mirrored(y) * side + mirrored(x)]!;
  });
}

/** A gated frame at the next site of a plate that never ends. */
export function benchHeader(sequence: number, sidePx: number, deadlineMs: number): FrameMessage {
  const well = Math.floor(sequence / 4) % (16 * WELL_COLUMNS);
  const [row, column] = [Math.floor(well / WELL_COLUMNS), well % WELL_COLUMNS];
  const name = `${String.fromCharCode(65 + row)}${column + 1}`;
  return {
    v: 1,
    type: "frame",
    id: `bench/${sequence}`,
    session: "bench",
    sequence,
    mode: "gate",
    deadlineMs,
    dtype: "uint16",
    shape: [sidePx, sidePx],
    site: { name: `${name}-${sequence % 4}`, plate: "bench", well: name, index: sequence % 4, row, column },
    attempt: 0,
    channel: "DAPI",
    timeIndex: Math.floor(sequence / (4 * 16 * WELL_COLUMNS)),
    zUm: 0,
    zLimitsUm: [0, 0],
  };
}

/** A frame of nothing but noise: it leaves doubt, and takes the longest. */
export function noiseFrame(sidePx: number): Frame {
  const random = new Random(1);
  const pixels = Uint16Array.from({ length: sidePx * sidePx }, () => random.below(4000));
  return { width: sidePx, height: sidePx, pixels };
}
