import { type ReimageSite, whatIsBad } from "../runs/reimage-list.js";
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
    const { plate, well, site } = bad[0]!;
    const isNumber = typeof site === "number" || /^\d+$/.test(site);
    const wrong = whatIsBad(
      bad,
      bad.map(({ reason }) => reason),
    );
    return {
      ...wrong,
      site: {
        name: isNumber ? `${well}-Site_${site}` : site,
        ...{ plate: plate || undefined, well: well || undefined, index: isNumber ? Number(site) : undefined },
      },
      channels: wrong.channels.filter((channel) => channel !== ""),
    };
  });
}
