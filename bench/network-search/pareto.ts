import type { HeldOutScore } from "../../src/training/held-out.js";
import type { Learned } from "./school.js";

/** A candidate: what it costs and what it learned. */
export interface Result extends Learned {
  readonly name: string;
  readonly description: string;
  readonly weights: number;
  /** A frame of 2048 x 2048 px on one thread, from counts to verdict, ms. */
  readonly ms: number;
}

/** Whether no other candidate is both as fast and as good, and better in one of the two; the loss of the taught tells how good. */
export function isBest(result: Result, all: readonly Result[]): boolean {
  const { ms, taught } = result;
  return !all.some((other) => {
    const [faster, better] = [ms - other.ms, taught.heldOutLoss - other.taught.heldOutLoss];
    return faster >= 0 && better >= 0 && faster + better > 0;
  });
}

/** All candidates as a table in Markdown, the dearest first; times relative to the first candidate. */
export function table(results: readonly Result[], teacher: HeldOutScore): string {
  const [measure] = results;
  const rows = [...results]
    .sort((a, b) => b.ms - a.ms)
    .map((result) => [
      result.name,
      String(result.weights),
      result.ms.toFixed(1),
      (result.ms / measure!.ms).toFixed(2),
      ...scores(result.alone),
      ...scores(result.taught),
      isBest(result, results) ? "yes" : "",
    ]);
  return [
    [
      "network",
      "weights",
      "ms",
      "cost",
      "loss",
      "exact",
      "within one",
      "taught: loss",
      "exact",
      "within one",
      "none beats it",
    ],
    Array<string>(11).fill("---"),
    ...rows,
    ["the teacher", "", "", "", ...scores(teacher), "", "", "", ""],
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function scores({ heldOutLoss, heldOutExact, heldOutWithinOne }: HeldOutScore): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [heldOutLoss.toFixed(3), percent(heldOutExact), percent(heldOutWithinOne)];
}
