/**
 * Refocusing by source of images: the simulated microscope shows each kind of content as a plate of its own to the built
 * agent, and to the classical searches with the same drive and camera. Distances are the simulator's own.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { findImages } from "../../src/frames/find-images.js";
import { GateClient } from "../../src/microscope/gate-client.js";
import { runPlate } from "../../src/microscope/run-plate.js";
import { freePorts, startAgentProcess } from "../../test/helpers/agent-process.js";
import { brenner, goldenSection, normalisedVariance, sweep, type Take } from "./classical.js";
import { type Setting, setUp } from "./settings.js";

export interface SourceRow {
  readonly setting: string;
  readonly source: string;
  readonly method: string;
  readonly sites: number;
  readonly displaced: number;
  readonly recovered: number;
  /** 95 % interval of the share recovered (Wilson), 0 to 1. */
  readonly interval: readonly [number, number];
  readonly endedBlurrier: number;
  /** Exposures beyond the planned one, mean. */
  readonly extraDisplaced: number;
  readonly extraInFocus: number;
  readonly extraInFocusAfterTenSites: number;
  /** Share of sites that are flagged or not judged though the kept frame is within a level of focus. */
  readonly flaggedInFocus: number;
  /** Of each displaced site, how far from focus the frame that is kept was taken, levels; sorted. */
  readonly finalLevels: readonly number[];
}

interface SiteOutcome {
  readonly index: number;
  /** Signed distance from focus of the first frame and of the one that is kept, levels. */
  readonly first: number;
  readonly kept: number;
  readonly extra: number;
  readonly isFlagged: boolean;
}

/** Of the classical searches, levels. */
const RANGE_LEVELS = 10;
const DEADLINE_MS = 10_000;
const SCORES = { "normalised variance": normalisedVariance(100), Brenner: brenner };

/** The images of a folder by source: its sub-folders, or where it has none, the words with which the names begin. */
export async function sourcesIn(folder: string): Promise<Map<string, string[]>> {
  const sources = new Map<string, string[]>();
  const subFolders = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  for (const { name } of subFolders) sources.set(name, await findImages([join(folder, name)]));
  if (subFolders.length > 0) return sources;
  for (const image of await findImages([folder])) {
    const kind = /^[a-z]+/i.exec(basename(image))?.[0] ?? basename(image);
    sources.set(kind, [...(sources.get(kind) ?? []), image]);
  }
  return sources;
}

/** One source under one setting, by the agent and, where asked, by each classical search (slow: with the first seed). */
export async function* refocusSource(
  source: string,
  images: readonly string[],
  setting: Setting,
  seeds: readonly number[],
  withClassical: boolean,
): AsyncGenerator<SourceRow> {
  const own: SiteOutcome[] = [];
  for (const seed of seeds) own.push(...(await byAgent(images, setting, seed)));
  yield rowOf(setting, source, "Parfocal", own);
  if (!withClassical) return;
  for (const [scoreName, score] of Object.entries(SCORES)) {
    for (const [searchName, search] of [
      [
        "sweep of 11",
        (take: Take, fromUm: number, levelUm: number) => sweep(take, fromUm, RANGE_LEVELS * levelUm, 11),
      ],
      [
        "golden section",
        (take: Take, fromUm: number, levelUm: number) =>
          goldenSection(take, fromUm, RANGE_LEVELS * levelUm, levelUm / 2),
      ],
    ] as const) {
      const sites: SiteOutcome[] = [];
      const { plate, microscope, levelUm } = await setUp(images, setting, seeds[0]!);
      // About where the last site was found, as a controller does: focus drifts by their own exposures.
      let fromUm = 0;
      for (const [index, site] of plate.entries()) {
        microscope.drive.moveTo(0);
        const first = microscope.defocusUm(site) / levelUm;
        const before = microscope.exposures;
        const take = (zUm: number) => {
          microscope.drive.moveTo(zUm);
          return score(microscope.snap(site).frame);
        };
        fromUm = search(take, fromUm, levelUm);
        microscope.drive.moveTo(fromUm);
        const kept = microscope.snap(site).defocusUm / levelUm;
        sites.push({ index, first, kept, extra: microscope.exposures - before - 1, isFlagged: false });
      }
      yield rowOf(setting, source, `${searchName}, ${scoreName}`, sites);
    }
  }
}

async function byAgent(images: readonly string[], setting: Setting, seed: number): Promise<SiteOutcome[]> {
  const { plate: sites, microscope, levelUm } = await setUp(images, setting, seed);
  const results = await mkdtemp(join(tmpdir(), "parfocal-refocus-"));
  const agent = await startAgentProcess([
    ...["agent", ...freePorts(), "--results", results, "--device", "cpu", "--log-level", "warn"],
  ]);
  const session = `s${seed}`;
  const client = new GateClient(agent.addresses.zeromq, session);
  const outcomes: SiteOutcome[] = [];
  try {
    client.start();
    await client.waitForAgent(DEADLINE_MS);
    const clock = () => performance.now();
    const { optics } = microscope.settings;
    const stated = { ...optics, pixelUm: optics.pixelUm * (setting.statedPixels ?? 1) };
    const run = {
      microscope,
      sites,
      client,
      session,
      plate: "bench",
      deadlineMs: DEADLINE_MS,
      clock,
      stated,
    };
    for await (const site of runPlate(run)) {
      outcomes.push({
        index: outcomes.length,
        first: site.firstDefocusUm / levelUm,
        kept: site.keptDefocusUm / levelUm,
        extra: site.exposures - 1,
        isFlagged: site.decision !== "accept",
      });
    }
  } finally {
    await client.stop();
    await agent.stop();
    await rm(results, { recursive: true, force: true });
  }
  return outcomes;
}

function rowOf(setting: Setting, source: string, method: string, sites: readonly SiteOutcome[]): SourceRow {
  const isIn = (levels: number) => Math.abs(levels) <= 1;
  const displaced = sites.filter(({ first }) => !isIn(first));
  const inFocus = sites.filter(({ first }) => isIn(first));
  const recovered = displaced.filter(({ kept }) => isIn(kept)).length;
  const extra = (of: readonly SiteOutcome[]) =>
    of.reduce((sum, site) => sum + site.extra, 0) / Math.max(1, of.length);
  return {
    setting: setting.name,
    source,
    method,
    sites: sites.length,
    displaced: displaced.length,
    recovered,
    interval: wilson(recovered, displaced.length),
    endedBlurrier: sites.filter(({ first, kept }) => Math.abs(kept) > Math.max(Math.abs(first), 1)).length,
    extraDisplaced: extra(displaced),
    extraInFocus: extra(inFocus),
    extraInFocusAfterTenSites: extra(inFocus.filter(({ index }) => index >= 10)),
    flaggedInFocus:
      sites.filter(({ isFlagged, kept }) => isFlagged && isIn(kept)).length / Math.max(1, sites.length),
    finalLevels: displaced.map(({ kept }) => Math.abs(kept)).sort((a, b) => a - b),
  };
}

/** Wilson's 95 % interval of a share. */
function wilson(hits: number, of: number): [number, number] {
  if (of === 0) return [0, 1];
  const z = 1.96;
  const centre = (hits + z ** 2 / 2) / (of + z ** 2);
  const half = (z * Math.sqrt((hits * (of - hits)) / of + z ** 2 / 4)) / (of + z ** 2);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
