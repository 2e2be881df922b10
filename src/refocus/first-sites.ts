/** The first searches of a run teach what all later sites are measured by: one that ends out of focus makes that look sharp. */
const TEACHING_SITES = 10;
/** Share of the usual doubt that such a search may leave. */
const DOUBT = 0.6;

/**
 * How sure the agent has to be of the frame that it keeps, 0 to 1. A site that is sharp in its first frame teaches nothing.
 * @param sites of the channel that ended in focus before. @param frames of this site so far.
 * @param usual what the user asks for.
 */
export function confidenceAfter(sites: number, frames: number, usual: number): number {
  return sites < TEACHING_SITES && frames > 1 ? 1 - DOUBT * (1 - usual) : usual;
}
