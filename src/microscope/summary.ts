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
  /** Sites whose kept frame is farther from focus than their first. */
  readonly endedBlurrier: number;
  readonly exposures: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
}

export function summarise(results: readonly SiteResult[]): PlateSummary {
  const displaced = results.filter(({ firstDefocusUm }) => Math.abs(firstDefocusUm) > LEVEL_UM);
  const latencies = results.flatMap(({ latenciesMs }) => latenciesMs).sort((a, b) => a - b);
  return {
    sites: results.length,
    displaced: displaced.length,
    recovered: displaced.filter(({ keptDefocusUm }) => Math.abs(keptDefocusUm) <= LEVEL_UM).length,
    endedBlurrier: results.filter((r) => Math.abs(r.keptDefocusUm) > Math.abs(r.firstDefocusUm)).length,
    exposures: results.reduce((sum, { exposures }) => sum + exposures, 0),
    latencyMs: { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) },
  };
}
