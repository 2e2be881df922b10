import { LEVEL_UM } from "../optics/point-spread-function.js";
import { quantile } from "../statistics.js";
import type { SiteResult } from "./run-plate.js";

/** What a run over a plate came to, judged by the simulator's own z. */
export interface PlateSummary {
  readonly sites: number;
  /** Sites more than one level from focus when first imaged. */
  readonly displaced: number;
  /** Of these, sites whose kept frame is within one level of focus. */
  readonly recovered: number;
  /** Sites whose kept frame is more than a level from focus, and farther than their first. */
  readonly endedBlurrier: number;
  readonly exposures: number;
  /** The same for each kind of content: the word with which the names of its images begin. */
  readonly kinds: Readonly<Record<string, { readonly displaced: number; readonly recovered: number }>>;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

export function summarise(results: readonly SiteResult[]): PlateSummary {
  const displaced = results.filter(isDisplaced);
  const latencies = results.flatMap(({ latenciesMs }) => latenciesMs).sort((a, b) => a - b);
  return {
    sites: results.length,
    displaced: displaced.length,
    recovered: displaced.filter(isRecovered).length,
    endedBlurrier: results.filter(isBlurrier).length,
    exposures: results.reduce((sum, { exposures }) => sum + exposures, 0),
    kinds: kindsOf(displaced),
    latencyMs: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
  };
}

function isDisplaced({ firstDefocusUm }: SiteResult): boolean {
  return Math.abs(firstDefocusUm) > LEVEL_UM;
}

function isRecovered({ keptDefocusUm }: SiteResult): boolean {
  return Math.abs(keptDefocusUm) <= LEVEL_UM;
}

/** Farther from focus than it began, and than a level: within a level, frames can hardly be told apart. */
function isBlurrier({ firstDefocusUm, keptDefocusUm }: SiteResult): boolean {
  return Math.abs(keptDefocusUm) > Math.max(Math.abs(firstDefocusUm), LEVEL_UM);
}

function kindsOf(displaced: readonly SiteResult[]): PlateSummary["kinds"] {
  const kinds: Record<string, { displaced: number; recovered: number }> = {};
  for (const result of displaced) {
    const kind = /^[a-z]+/i.exec(result.image)?.[0] ?? result.image;
    kinds[kind] ??= { displaced: 0, recovered: 0 };
    kinds[kind].displaced++;
    if (isRecovered(result)) kinds[kind].recovered++;
  }
  return kinds;
}
