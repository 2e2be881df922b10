import { stringify } from "csv-stringify/sync";
import { wellNameOf } from "../frames/wells.js";
import type { ResultRecord } from "../records/record.js";
import { SiteLedger } from "../records/site-ledger.js";
import { type SiteVerdict, siteVerdicts } from "./site-verdicts.js";
import { qcCsv } from "./verdict-tables.js";

/** Tables that a run can be exported as. */
export const CSV_FORMATS = ["parfocal", "miq", "cellprofiler"] as const;
export type CsvFormat = (typeof CSV_FORMATS)[number];

const LEVELS = 11;

/** A run's records as a CSV table. */
export function exportCsv(format: CsvFormat, records: readonly ResultRecord[]): string {
  switch (format) {
    case "parfocal":
      return framesCsv(records);
    case "miq":
      return miqCsv(records);
    case "cellprofiler":
      return qcCsv(verdictsOf(records));
  }
}

/** One row a frame. */
function framesCsv(records: readonly ResultRecord[]): string {
  const columns = [
    ...["time", "frame", "plate", "well", "site", "channel", "time_index", "z_index", "attempt", "mode"],
    ...[
      "status",
      "why",
      "level",
      "expected_level",
      "aggregate_certainty",
      "mean_certainty",
      "max_certainty",
      "confidence",
    ],
    ...["condition", "decision", "move_um", "x_um", "y_um", "z_um", "z_source", "planned_z_um", "reason"],
    "unfamiliar",
  ];
  const rows = records.flatMap((record) => {
    const { frame } = record;
    if (frame === undefined) return [];
    const { plate, name } = frame.site;
    const well = wellNameOf(frame.site);
    const verdict = record.type === "verdict" ? record : undefined;
    return {
      time: new Date(record.recordedMs).toISOString(),
      ...{ frame: frame.id, plate, well, site: name, channel: frame.channel, time_index: frame.timeIndex },
      ...{ z_index: frame.zIndex, attempt: frame.attempt, mode: frame.mode },
      status: verdict?.late ? "late" : record.type,
      why: record.type === "drop" ? record.why : record.type === "error" ? record.code : undefined,
      ...{ level: verdict?.level, expected_level: verdict?.expectedLevel, condition: verdict?.condition },
      aggregate_certainty: verdict?.aggregateCertainty,
      ...{ mean_certainty: verdict?.meanCertainty, max_certainty: verdict?.maxCertainty },
      confidence: verdict?.confidence,
      unfamiliar: verdict && Number(verdict.unfamiliar ?? false),
      ...{ decision: verdict?.decision, reason: verdict?.reason },
      move_um: verdict?.action?.kind === "move-z" ? verdict.action.byUm : undefined,
      ...{ x_um: frame.xUm, y_um: frame.yUm, z_um: frame.zUm, z_source: frame.zSource },
      planned_z_um: frame.plannedZUm,
    };
  });
  return stringify(rows, { escape_formulas: true, header: true, columns });
}

/** One row a scored frame, with the columns of google/microscopeimagequality's `results-*.csv`; label -1: unknown. */
function miqCsv(records: readonly ResultRecord[]): string {
  const header = [
    ...["original filename", "prediction", "mean certainty", "max certainty", "aggregate certainty"],
    ...[
      "weighted certainty",
      "label",
      ...Array.from({ length: LEVELS }, (_, level) => `probabilities_${level}`),
    ],
  ];
  const rows = records.flatMap((record) => {
    if (record.type !== "verdict" || record.frame === undefined) return [];
    const { level, meanCertainty, maxCertainty, aggregateCertainty, weightedCertainty, distribution } =
      record;
    const file = typeof record.frame.meta?.file === "string" ? record.frame.meta.file : record.frame.id;
    const probabilities = Array.from({ length: LEVELS }, (_, i) => distribution?.[i]);
    return [
      [file, level, meanCertainty, maxCertainty, aggregateCertainty, weightedCertainty, -1, ...probabilities],
    ];
  });
  return stringify([header, ...rows], { escape_formulas: true });
}

function verdictsOf(records: readonly ResultRecord[]): SiteVerdict[] {
  const ledger = new SiteLedger();
  for (const record of records) ledger.apply(record);
  return siteVerdicts(ledger.all());
}
