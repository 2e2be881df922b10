import { z } from "zod";
import { Fraction, Level, PositiveUm } from "./numbers.js";
import { PathText } from "./path-text.js";
import { ZLimits } from "./z-limits.js";

/** What may be set for all channels, and for one of them. */
const rules = {
  sharp: z
    .enum(["learned", "absolute"])
    .describe(
      "What counts as sharp: learned (as sharp as this sample gets, found out during the run) or absolute (maxLevel).",
    ),
  maxLevel: Level.describe(
    "A frame judged on its own, or with sharp: absolute, is accepted up to this level, 0 (in focus) to 10.",
  ),
  minCertainty: Fraction.describe(
    "A frame judged on its own, or with sharp: absolute, gets abstain below this aggregate certainty, 0 to 1.",
  ),
  plane: z
    .enum(["majority", "sharpest"])
    .describe(
      "Where a frame shows several planes: focus on the plane of most of it (majority), or on the sharpest.",
    ),
  retries: z
    .int()
    .min(0)
    .max(20)
    .describe("Most frames taken again for one site and channel; 0 never retries."),
  retryWith: z
    .enum(["move-z", "autofocus", "reacquire"])
    .describe(
      "How to retry: move-z (level-guided search), autofocus (the controller's own) or reacquire (take it again without moving).",
    ),
  umPerLevel: PositiveUm.describe(
    "Defocus that blurs by one level, um. If unset, worked out from the optics (docs/configuration.md).",
  ),
};

const OpticsDefaults = z
  .strictObject({
    na: z.number().positive().max(2).default(0.5).describe("Numerical aperture of the objective."),
    refractiveIndex: z
      .number()
      .min(1)
      .max(2)
      .default(1)
      .describe("Refractive index of the immersion medium."),
    pixelUm: PositiveUm.default(0.65).describe("Side of a pixel in the sample, um."),
    binning: z
      .int()
      .min(1)
      .max(4)
      .optional()
      .describe("Pixels a side that are judged as one. If unset, worked out from aperture and pixel size."),
  })
  .refine(({ na, refractiveIndex }) => na <= refractiveIndex, {
    path: ["na"],
    message: "is above policy.optics.refractiveIndex, which no objective's can be; oil has 1.515, water 1.33",
  });

const Channel = z.strictObject(rules).partial();

/** From level and certainty to a decision. */
export const PolicyConfig = z.strictObject({
  sharp: rules.sharp.default("learned"),
  maxLevel: rules.maxLevel.default(0.85),
  minCertainty: rules.minCertainty.default(0.25),
  plane: rules.plane.default("majority"),
  retries: rules.retries.default(6),
  retryWith: rules.retryWith.default("move-z"),
  umPerLevel: rules.umPerLevel.optional(),
  firstSide: z
    .enum(["positive", "negative"])
    .default("positive")
    .describe("Direction to try first while nothing is known yet: positive (larger z) or negative."),
  maxTravelUm: PositiveUm.optional().describe(
    "Longest path of the focus drive for one site, um, the way back to the best z included; if missing, 50 levels of the objective, but at least 100 um and at most 300 um.",
  ),
  zLimitsUm: ZLimits.optional().describe(
    "Lowest and highest z that may be asked for, um, [min, max]. The controller's own limits apply as well.",
  ),
  backlashUm: z
    .number()
    .default(0)
    .describe(
      "Backlash compensation, um: every move arrives going up (positive) or down (negative) over at least this distance; 0: none.",
    ),
  confidence: Fraction.default(0.82).describe(
    "A site ends with its first frame if that is in focus with this probability, and after a move with two fifths of the doubt. More: fewer misses, more exposures.",
  ),
  lookBeyond: z
    .boolean()
    .default(true)
    .describe(
      "The first searches of a run take one frame beyond focus, to learn what such content reads there: later sites are judged better.",
    ),
  runRetries: z.int().min(0).optional().describe("Most frames taken again in one run; no limit if missing."),
  coolDown: z
    .strictObject({
      afterFailures: z
        .int()
        .min(1)
        .default(3)
        .describe("Searches of a channel in a row in which moving the focus drive changed nothing."),
    })
    .prefault({})
    .describe("After this many, each site gets one try only, until moving changes something again."),
  suggest: z
    .boolean()
    .default(true)
    .describe(
      "Tell controllers where focus is expected at the next site (they decide whether to start there).",
    ),
  focusMap: PathText.optional().describe(
    "File of a focus map (CSV): where the plate was in focus before, for the first sites of a run and the z suggested to controllers.",
  ),
  dryRun: z
    .boolean()
    .default(false)
    .describe("Say what would be done, but move nothing: flag instead of retry."),
  optics: OpticsDefaults.prefault({}).describe("Assumed where a frame does not report its optics."),
  channels: z
    .record(z.string().min(1), Channel)
    .default({})
    .describe(
      "Rules by channel name, each any of sharp, maxLevel, minCertainty, plane, retries, retryWith, umPerLevel.",
    ),
});
