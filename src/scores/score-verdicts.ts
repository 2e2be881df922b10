import { wellSpelling } from "../frames/wells.js";
import { keyOf, type SiteVerdict } from "../runs/site-verdicts.js";
import { isJudged } from "./plate-scores.js";
import type { ScoreRow } from "./score-rows.js";

/** Conditions of images that are to be taken again. */
const BAD: ReadonlySet<unknown> = new Set(["defocused", "mixed", "unusable"]);

/** Verdicts from a table of scores: of a site with several planes, the sharpest counts. */
export class ScoreVerdicts {
  readonly #verdicts = new Map<string, SiteVerdict>();

  add(row: ScoreRow): void {
    const number = (value: string | number | undefined) =>
      value === undefined || value === "" ? undefined : Number(value);
    const condition = String(row.condition);
    const isBad = BAD.has(condition);
    const verdict: SiteVerdict = {
      ...{
        plate: String(row.plate),
        well: wellSpelling(String(row.well)),
        site: row.site as string | number,
      },
      ...{ channel: String(row.channel), timeIndex: number(row.time) ?? 0, status: condition, isBad },
      ...{ reason: isBad ? condition : "", level: number(row.expected_level) },
      ...{ certainty: number(row.aggregate_certainty), zUm: undefined, zIndex: number(row.z) },
    };
    const key = keyOf(verdict);
    const known = this.#verdicts.get(key);
    if (known === undefined || isSharper(verdict, known)) this.#verdicts.set(key, verdict);
  }

  all(): SiteVerdict[] {
    return [...this.#verdicts.values()];
  }
}

/** A plane in which something can be judged comes before one in which nothing can. */
function isSharper(one: SiteVerdict, other: SiteVerdict): boolean {
  if (isJudged(one.status) !== isJudged(other.status)) return isJudged(one.status);
  return (one.level ?? 10) < (other.level ?? 10);
}
