/** How often something is tried: `seldom` with each run of the tests, `often` in a campaign (PARFOCAL_CAMPAIGN=1). */
export function times(seldom: number, often: number): number {
  return process.env.PARFOCAL_CAMPAIGN === "1" ? often : seldom;
}
