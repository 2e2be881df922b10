import { groupBy } from "./group-by.js";
import { GROUP_KINDS, type GroupKind, type JudgedFrame } from "./judged-frame.js";
import { type JudgedLabels, judgeLabels } from "./labelled.js";
import { type Accuracy, accuracyOf, type SyntheticJudgement } from "./synthetic-judgement.js";

/** What a model does on the frames that share a source, a stain, a kind of light or optics. */
export interface GroupScores {
  readonly kind: GroupKind;
  readonly name: string;
  readonly labelled: JudgedLabels | undefined;
  readonly synthetic: Accuracy | undefined;
}

/** All groups that the manifest tells apart; a kind of which it names only one is left out. */
export function groupScores(
  frames: readonly JudgedFrame[],
  synthetic: readonly SyntheticJudgement[],
): GroupScores[] {
  return GROUP_KINDS.flatMap((kind) => {
    const nameOf = ({ groups }: Pick<JudgedFrame, "groups">) => groups[kind];
    const [framesBy, syntheticBy] = [groupBy(frames, nameOf), groupBy(synthetic, nameOf)];
    const names = [...new Set([...framesBy.keys(), ...syntheticBy.keys()])].filter(
      (name) => name !== undefined,
    );
    if (names.length < 2) return [];
    return names.sort(byName).map((name) => {
      const defocused = syntheticBy.get(name) ?? [];
      return {
        ...{ kind, name, labelled: judgeLabels(framesBy.get(name) ?? []) },
        synthetic: defocused.length > 0 ? accuracyOf(defocused) : undefined,
      };
    });
  }).filter(({ labelled, synthetic }) => labelled !== undefined || synthetic !== undefined);
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}
