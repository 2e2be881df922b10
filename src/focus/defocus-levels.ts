/**
 * What a level that is read comes to as a defocus. An expectation never reaches the ends of the scale, and a level below 2 is drawn to
 * focus: frames one level off read 0.6, sharp ones 0.4. Medians over frames of training fields at each level, by the shipped model
 * (`scripts/choose-conditions.ts` prints such).
 */
const READ_AT_LEVEL = [0.41, 0.6, 1.8, 2.95, 3.98, 5, 5.95, 7.09, 8.16, 9.05, 9.37] as const;

/** The defocus that mostly reads so, levels, 0 to 10. @param expectedLevel of a frame. */
export function defocusLevels(expectedLevel: number): number {
  const above = READ_AT_LEVEL.findIndex((read) => expectedLevel < read);
  if (above === 0) return 0;
  if (above < 0) return READ_AT_LEVEL.length - 1;
  const [low, high] = [READ_AT_LEVEL[above - 1]!, READ_AT_LEVEL[above]!];
  return above - 1 + (expectedLevel - low) / (high - low);
}
