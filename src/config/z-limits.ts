import { z } from "zod";

/** Lowest and highest z, um. */
export const ZLimits = z
  .tuple([z.number(), z.number()], { error: "must be the lowest and the highest z, um, such as [-50, 50]" })
  .refine(([min, max]) => min < max, "the lower limit must be below the upper one");
