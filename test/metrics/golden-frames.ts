import type { Frame } from "../../src/frames/frame.js";
import { golden } from "../helpers/golden.js";
import { dataFrame } from "../helpers/images.js";

interface Stored {
  readonly name: string;
  readonly height?: number;
  readonly width?: number;
  readonly bits?: number;
  readonly bitDepth?: number;
  readonly counts?: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A frame and what scripts/make-golden-metrics.py measured in it. */
export interface MeasuredFrame {
  readonly name: string;
  readonly frame: Frame;
  readonly metrics: Readonly<Record<string, number>>;
}

export async function goldenFrames(): Promise<MeasuredFrame[]> {
  const stored = await golden<Stored[]>("metrics/frames.json");
  return Promise.all(
    stored.map(async (entry) => ({
      name: entry.name,
      frame: entry.counts === undefined ? await dataFrame(entry.name) : frameOf(entry, entry.counts),
      metrics: entry.metrics,
    })),
  );
}

function frameOf({ width, height, bits, bitDepth }: Stored, base64: string): Frame {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  const pixels = bits === 8 ? bytes : new Uint16Array(bytes.buffer);
  return { width: width!, height: height!, pixels, ...(bitDepth === undefined ? {} : { bitDepth }) };
}
