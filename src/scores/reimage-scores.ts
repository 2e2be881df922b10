import type { ReimageSite } from "../runs/reimage-list.js";
import type { SiteVerdict } from "../runs/site-verdicts.js";

/** The sites of scored files to image again, in their order, each once with all of its channels that need it. */
export function reimageScores(verdicts: readonly SiteVerdict[]): ReimageSite[] {
  const found = new Map<string, SiteVerdict[]>();
  for (const verdict of verdicts) {
    if (!verdict.isBad) continue;
    const { plate, well, site } = verdict;
    const key = JSON.stringify([plate, well, site]);
    found.set(key, [...(found.get(key) ?? []), verdict]);
  }
  return [...found.values()].map((bad) => {
    const worst = bad.reduce((a, b) => ((b.level ?? -1) > (a.level ?? -1) ? b : a));
    const { plate, well, site, zUm, level, certainty } = worst;
    const isNumber = typeof site === "number" || /^\d+$/.test(site);
    return {
      site: {
        name: isNumber ? `${well}-Site_${site}` : site,
        ...{ plate: plate || undefined, well: well || undefined, index: isNumber ? Number(site) : undefined },
      },
      channels: [...new Set(bad.map(({ channel }) => channel))].filter((channel) => channel !== ""),
      timeIndices: [...new Set(bad.map(({ timeIndex }) => timeIndex))],
      ...{ zUm, level, certainty, reason: [...new Set(bad.map(({ reason }) => reason))].join("; ") },
    };
  });
}
