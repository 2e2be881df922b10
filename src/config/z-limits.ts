import { z } from "zod";

/** Lowest and highest z, um. */
export const ZLimits = z
  .tuple([z.number(), z.number()])
  .refine(([min, max]) => min < max, "the lower limit must be below the upper one");
