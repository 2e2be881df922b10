import { LEVELS } from "../src/focus/levels.js";
import type { FocusReport } from "../src/focus/report.js";

/** What was found of the patches of a frame that were judged, in their order: probabilities, [patches, 11], and certainties, [patches]. */
export function judgedPatches({
  probabilities,
  certainties,
}: Pick<FocusReport, "probabilities" | "certainties">) {
  const judged = [...certainties.keys()].filter((patch) => !Number.isNaN(certainties[patch]));
  const distributions = judged.flatMap((patch) => [
    ...probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS),
  ]);
  return {
    probabilities: Float32Array.from(distributions),
    certainties: Float32Array.from(judged, (patch) => certainties[patch]!),
  };
}
