import type { Sampling } from "../focus/binning.js";
import type { FocusReport } from "../focus/report.js";
import { labelOf, type ManifestRow } from "../frames/manifest.js";

/** One image of a manifest as it was scored. */
export interface JudgedFrame {
  readonly file: string;
  readonly label: "in" | "out" | undefined;
  /** Its level of defocus where the manifest knows it, 0 to 10. */
  readonly trueLevel: number | undefined;
  /** Its field; where that is not known, its stack or its file. */
  readonly field: string;
  readonly stackId: string | undefined;
  readonly zUm: number | undefined;
  /** What frames are grouped by; undefined where the manifest does not say. */
  readonly groups: Readonly<Record<GroupKind, string | undefined>>;
  readonly binning: number;
  /** Undefined where the optics are not known. */
  readonly umPerLevel: number | undefined;
  readonly level: number;
  readonly expectedLevel: number;
  readonly aggregateCertainty: number;
  readonly meanCertainty: number;
  readonly confidence: number;
  readonly condition: string;
  /** Whether it shows something unlike all that the model was trained on. */
  readonly unfamiliar: boolean;
  /** The classical measures of focus; of labelled frames only. */
  readonly metrics: Readonly<Record<string, number>> | undefined;
}

/** What a manifest may tell frames apart by. */
export const GROUP_KINDS = ["source", "stain", "light", "optics"] as const;
export type GroupKind = (typeof GROUP_KINDS)[number];

/** A row of a manifest with what a scorer said of its image. */
export function judgedFrame(
  row: ManifestRow,
  report: FocusReport,
  sampling: Sampling | undefined,
  metrics: JudgedFrame["metrics"],
): JudgedFrame {
  const { file, stackId, zUm, level: trueLevel } = row;
  const { binning, level, expectedLevel, aggregateCertainty, meanCertainty } = report;
  const { confidence, condition, unfamiliar } = report;
  return {
    ...{ file, label: labelOf(row), trueLevel, field: fieldOf(row), stackId, zUm, groups: groupsOf(row) },
    ...{ binning, umPerLevel: sampling?.umPerLevel, level, expectedLevel },
    ...{ aggregateCertainty, meanCertainty, confidence, condition, unfamiliar, metrics },
  };
}

export function fieldOf({ fieldId, stackId, file }: ManifestRow): string {
  return fieldId ?? stackId ?? file;
}

/** What the row says of its image; of a source, the repository without its commit. */
export function groupsOf(row: ManifestRow): JudgedFrame["groups"] {
  const { source, stain, modality, numericalAperture, pixelUm } = row;
  const optics = [
    numericalAperture === undefined ? [] : `NA ${numericalAperture}`,
    pixelUm === undefined ? [] : `${pixelUm} um`,
  ].flat();
  return {
    source: source?.split("@")[0],
    stain,
    light: modality,
    optics: optics.length > 0 ? optics.join(", ") : undefined,
  };
}
