import { describe, expect, it } from "vitest";
import type { SiteResult } from "../../src/microscope/run-plate.js";
import { summarise } from "../../src/microscope/summary.js";

describe("summarise", () => {
  it("counts a site as displaced beyond one level, recovered within it, blurrier by the simulator's own z", () => {
    const summary = summarise([
      site({
        image: "fly_1.png",
        firstDefocusUm: 6,
        keptDefocusUm: -0.5,
        exposures: 2,
        latenciesMs: [10, 12],
      }),
      site({ firstDefocusUm: -5, keptDefocusUm: -5.1, exposures: 4, latenciesMs: [30] }),
      site({ firstDefocusUm: 1.5, keptDefocusUm: -1.9, exposures: 2, latenciesMs: [11] }),
      site({ firstDefocusUm: 0.5, keptDefocusUm: 0.5, exposures: 1, latenciesMs: [9] }),
    ]);

    expect(summary).toEqual({
      sites: 4,
      displaced: 2,
      recovered: 1,
      endedBlurrier: 1,
      exposures: 9,
      kinds: { fly: { displaced: 1, recovered: 1 }, sbs: { displaced: 1, recovered: 0 } },
      latencyMs: { p50: 11, p99: 30 },
    });
  });
});

function site(values: Partial<SiteResult>): SiteResult {
  return {
    site: "A1-Site_0",
    well: "A1",
    image: "sbs_01.png",
    exposures: 1,
    keepAttempt: 0,
    firstDefocusUm: 0,
    keptDefocusUm: 0,
    firstLevel: 0,
    keptLevel: 0,
    decision: "accept",
    reason: "",
    latenciesMs: [],
    unscored: 0,
    ...values,
  };
}
