import { readFile } from "node:fs/promises";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { ConfigError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { writeAtomically } from "../frames/write-atomically.js";

/** What was measured of a microscope, as far as judging frames needs it. */
export interface Calibration {
  /** Defocus that blurs by one level, um. */
  readonly umPerLevel: number;
  /** Pixels a side that are judged as one: the um per level hold for frames that are judged so. */
  readonly binning: number;
}

const CalibrationFile = z.object({
  policy: z.object({
    umPerLevel: z.number().positive(),
    optics: z.object({ binning: z.int().min(1).max(4) }),
  }),
});

/** Writes a calibration as settings of the agent (YAML), with lines that say where it comes from. */
export async function writeCalibration(
  path: string,
  { umPerLevel, binning }: Calibration,
  comments: readonly string[],
): Promise<void> {
  const settings = { policy: { umPerLevel: Number(umPerLevel.toPrecision(4)), optics: { binning } } };
  const text = [...comments.map((comment) => `# ${comment}`), stringify(settings)].join("\n");
  await writeAtomically(path, Buffer.from(text));
}

/** @throws ConfigError when the file cannot be read or is not a calibration. */
export async function readCalibration(path: string): Promise<Calibration> {
  let content: unknown;
  try {
    content = parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new ConfigError(path, [`cannot be read: ${fileReason(cause)}`], { cause });
  }
  const { success, data } = CalibrationFile.safeParse(content);
  if (!success) {
    throw new ConfigError(path, [
      "is not a calibration: parfocal calibrate writes policy.umPerLevel and policy.optics.binning",
    ]);
  }
  return { umPerLevel: data.policy.umPerLevel, binning: data.policy.optics.binning };
}
