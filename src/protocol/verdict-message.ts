import { z } from "zod";
import { ConditionName, Fraction, Index, Level, Model, Name, Version } from "./common.js";

export const DECISIONS = ["accept", "retry", "flag", "abstain"] as const;
export type Decision = (typeof DECISIONS)[number];

/** What the controller does before it acquires again, or goes on. */
export const Action = z.discriminatedUnion("kind", [
  /** Move the focus drive by a signed distance, um, from where this frame was taken. */
  // For a z-stack, move all of its slices. `viaUm`, where given, is a stop on the way, um from the same z, from which
  // the drive arrives on the side that its backlash wants.
  z.object({ kind: z.literal("move-z"), byUm: z.number(), viaUm: z.number().optional() }),
  /** Run the controller's own autofocus. */
  z.object({ kind: z.literal("autofocus") }),
  /** Do nothing but acquire again. */
  z.object({ kind: z.literal("reacquire") }),
]);
export type Action = z.infer<typeof Action>;

/** Where focus is expected at the frame's `next`, um. A controller that allows it starts there. */
export const NextZ = z.object({
  zUm: z.number(),
  /** Standard deviation of that, um. */
  sdUm: z.number().min(0),
  /** `site`: what was found there before; `surface`: the focus surface through the sites of this run. */
  basis: z.enum(["site", "surface"]),
});
export type NextZ = z.infer<typeof NextZ>;

/** A z-stack as a whole. */
export const StackVerdict = z.object({
  /** Slices that were judged, of `stack.size`. */
  judged: Index,
  /** The slice with the lowest level, its z, um, and that level. */
  sharpestZIndex: Index,
  sharpestZUm: z.number().optional(),
  sharpestLevel: Level,
  /** Whether it is the slice with the lowest or highest z, so that focus may lie outside. */
  edge: z.enum(["none", "low", "high"]),
});
export type StackVerdict = z.infer<typeof StackVerdict>;

/**
 * The answer to one frame. A controller executes `action` if there is one, then acquires the same site again
 * (as `attempt + 1`) exactly if `acquireAgain` is true.
 */
export const VerdictMessage = z
  .object({
    v: Version,
    type: z.literal("verdict"),
    id: Name,
    session: Name,
    condition: ConditionName,
    /** Level of the frame as a whole number, 0 to 10. */
    level: z.int().min(0).max(10),
    /** Level of the frame as a real number, 0 to 10: a robust quantile of its patches. */
    expectedLevel: Level,
    aggregateCertainty: Fraction,
    meanCertainty: Fraction,
    maxCertainty: Fraction,
    /** Probability that the level is right within one, 0 to 1. */
    confidence: Fraction.optional(),
    /** True where the frame shows something unlike all that the model was trained on: then the level may be anything. */
    unfamiliar: z.boolean().optional(),
    decision: z.enum(DECISIONS),
    action: Action.optional(),
    /** True exactly if `decision` is `retry`. False ends the site, also when there is an `action`. */
    acquireAgain: z.boolean(),
    /** The attempt whose frame is the one to keep, as far as is known now. */
    keepAttempt: Index,
    /** Retries that this site may still use. */
    attemptsLeft: Index,
    /** For the last slice of a z-stack: what the slices together show. */
    stack: StackVerdict.optional(),
    /** Once the site is finished, if the frame named a `next` and enough is known. */
    next: NextZ.optional(),
    /** One sentence for people. */
    reason: z.string(),
    model: Model,
    /** Time in the queue, in the scorer, and from arrival to answer, ms. */
    timings: z.object({
      queueMs: z.number().min(0),
      scoreMs: z.number().min(0),
      totalMs: z.number().min(0),
    }),
  })
  .refine((verdict) => verdict.acquireAgain === (verdict.decision === "retry"), {
    path: ["acquireAgain"],
    message: "must be true for the decision retry and false for any other",
  });
export type VerdictMessage = z.infer<typeof VerdictMessage>;
