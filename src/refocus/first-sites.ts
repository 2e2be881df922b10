/** The first sites of a run teach what all later ones are measured by: one that is kept out of focus is taken for sharp content. */
const TEACHING_SITES = 10;
/** Share of the usual doubt that such a site may leave: after a search, which teaches most, and in its first frame. */
const AFTER_SEARCH = 0.6;
const IN_FIRST_FRAME = 0.85;

/**
 * How sure the agent has to be of the frame that it keeps, 0 to 1.
 * @param sites of the channel that ended in focus before. @param frames of this site so far.
 * @param usual what the user asks for.
 */
export function confidenceAfter(sites: number, frames: number, usual: number): number {
  if (sites >= TEACHING_SITES) return usual;
  return 1 - (frames > 1 ? AFTER_SEARCH : IN_FIRST_FRAME) * (1 - usual);
}
