import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { isParfocalError, OutputError } from "../errors.js";
import { isNameTooLong } from "../frames/file-reasons.js";
import { commonFolder, findImages } from "../frames/find-images.js";
import type { Frame } from "../frames/frame.js";
import { makeFolder } from "../frames/make-folder.js";
import { readFrames } from "../frames/read-frames.js";
import { writeTiff } from "../frames/write-tiff.js";
import { Defocus, toFloat } from "../optics/defocus.js";
import { highNaPointSpread } from "../optics/high-na-point-spread.js";
import { micrometresPerLevel, paraxialMicrometresPerLevel } from "../optics/micrometres-per-level.js";
import { pointSpread, REFERENCE_OPTICS } from "../optics/point-spread-function.js";
import { Random } from "../optics/random.js";
import { expose } from "../optics/sensor.js";
import { refuseUnless } from "./check-arguments.js";
import { exitCodes } from "./exit-codes.js";
import { checkOptics } from "./optics-options.js";
import { CopyNames } from "./page-files.js";
import { say } from "./print.js";

const options = {
  out: { type: "string", demandOption: true, describe: "Folder for the defocused copies (16-bit TIFF)" },
  level: { type: "number", describe: "Defocus as a level, 0 to 10 (2 um each at the default optics)" },
  "z-um": { type: "number", describe: "Defocus as a distance, um" },
  na: { type: "number", default: REFERENCE_OPTICS.numericalAperture, describe: "Numerical aperture" },
  "wavelength-nm": { type: "number", default: REFERENCE_OPTICS.wavelengthNm, describe: "Wavelength, nm" },
  "refractive-index": {
    type: "number",
    default: REFERENCE_OPTICS.refractiveIndex,
    describe: "Of the immersion medium",
  },
  "pixel-um": { type: "number", default: REFERENCE_OPTICS.pixelUm, describe: "Pixel size in the sample, um" },
  "paper-formula": {
    type: "boolean",
    default: false,
    describe:
      "Blur as the paper's program does, which holds for small apertures; default: by the whole pupil",
  },
  exposure: { type: "number", default: 1, describe: "Factor on the light" },
  "electrons-per-count": { type: "number", describe: "Photoelectrons per count; default: no photon noise" },
  "read-noise": { type: "number", default: 0, describe: "Read noise, counts" },
  offset: { type: "number", default: 0, describe: "Sensor offset, counts" },
  gain: { type: "number", default: 1, describe: "Counts out per count in" },
  seed: { type: "number", default: 1, describe: "Same seed, same noise" },
} as const satisfies Record<string, Options>;

type DegradeArguments = InferredOptionTypes<typeof options> & { images: string[] };

export const degradeCommand: CommandModule<unknown, DegradeArguments> = {
  command: "degrade <images..>",
  describe: "Write defocused copies of in-focus images",
  builder: (yargs) =>
    yargs
      .positional("images", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "Files, folders, globs",
      })
      .options(options)
      .check((argv) => checkSettings(argv as unknown as DegradeArguments)),
  handler: async (argv) => {
    const optics = {
      numericalAperture: argv.na,
      wavelengthNm: argv.wavelengthNm,
      refractiveIndex: argv.refractiveIndex,
      pixelUm: argv.pixelUm,
    };
    const zUm =
      argv.zUm ??
      argv.level! * (argv.paperFormula ? paraxialMicrometresPerLevel : micrometresPerLevel)(optics);
    const spread = argv.paperFormula ? pointSpread : highNaPointSpread;
    const sensor = {
      electronsPerCount: argv.electronsPerCount ?? Number.POSITIVE_INFINITY,
      readNoiseCounts: argv.readNoise,
      exposure: argv.exposure,
      gain: argv.gain,
      offsetCounts: argv.offset,
      maxCount: 65535,
    };
    await makeFolder(argv.out);
    const images = await findImages(argv.images);
    const names = new CopyNames(await commonFolder(argv.images), images);
    const targetOf = (path: string, page: number) => join(argv.out, names.of(path, page));
    assertFree(images.map((path) => targetOf(path, 0)));
    const skip = (reason: string) => {
      say(`Skipped: ${reason}`);
      process.exitCode = exitCodes.someFilesFailed;
    };
    for (const [index, path] of images.entries()) {
      try {
        for await (const { page, frame } of readFrames(path)) {
          const target = targetOf(path, page);
          if (existsSync(target)) {
            skip(`${path}, page ${page}: ${target} is there already`);
            continue;
          }
          const light = new Defocus(frame.width, frame.height, optics, spread).apply(toFloat(frame), zUm);
          const degraded: Frame = {
            width: frame.width,
            height: frame.height,
            pixels: expose(light, sensor, Random.of(argv.seed, index * 65537 + page)),
          };
          await makeFolder(dirname(target));
          await writeTiff(target, degraded);
          say(target);
        }
      } catch (error) {
        if (!isParfocalError(error)) throw error;
        if (error.tag === "OutputError" && !isNameTooLong(error)) throw error;
        skip(error.message);
      }
    }
  },
};

/** @throws UsageError */
function checkSettings(argv: DegradeArguments): true {
  const { level, "z-um": zUm, "wavelength-nm": wavelengthNm, exposure, gain, offset } = argv;
  const { "electrons-per-count": electronsPerCount, "read-noise": readNoise, "pixel-um": pixelUm } = argv;
  refuseUnless((level === undefined) !== (zUm === undefined), "Give one of --level and --z-um.");
  refuseUnless(level === undefined || (level >= 0 && level <= 10), `--level must be 0 to 10, got ${level}`);
  refuseUnless(zUm === undefined || Number.isFinite(zUm), `--z-um must be a distance, got ${zUm}`);
  refuseUnless(
    wavelengthNm >= 200 && wavelengthNm <= 2000,
    `--wavelength-nm must be 200 to 2000, got ${wavelengthNm}`,
  );
  for (const [name, value] of Object.entries({ exposure, gain, "electrons-per-count": electronsPerCount })) {
    refuseUnless(value === undefined || value > 0, `--${name} must be above 0, got ${value}`);
  }
  refuseUnless(readNoise >= 0, `--read-noise must not be negative, got ${readNoise}`);
  refuseUnless(Number.isFinite(offset), `--offset must be a number of counts, got ${offset}`);
  return checkOptics({ na: argv.na, pixelUm, refractiveIndex: argv["refractive-index"] });
}

/** @throws OutputError where something would be overwritten: images themselves, or earlier copies. */
function assertFree(targets: readonly string[]): void {
  const taken = targets.filter((target) => existsSync(target));
  const [first] = taken;
  if (first === undefined) return;
  const more = taken.length > 1 ? `, and ${taken.length - 1} more` : "";
  throw new OutputError(first, `is there already${more}: nothing is overwritten; choose another --out`);
}
