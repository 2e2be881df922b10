import { z } from "zod";

/** When to tell somebody. */
export const AlertsConfig = z.strictObject({
  webhook: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("Address that gets each alert as JSON {text}, as Slack takes it. If unset: log and page only."),
});
