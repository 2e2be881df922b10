import { type PlateFormat, wellOf } from "../../frames/wells.js";
import type { SiteState } from "../../records/site-state.js";
import { formatFor } from "../../runs/plate.js";
import { median } from "../../statistics.js";
import type { PageState } from "./page-state.js";

export type Metric = "level" | "certainty" | "z";
export type Summary = "worst" | "median";

/** What the plate shows. */
export interface PlateChoice {
  readonly plate: string;
  /** Empty: all, the worst counts. */
  readonly channel: string | undefined;
  /** Empty: the last of each site. */
  readonly timeIndex: number | undefined;
  readonly metric: Metric;
  readonly summary: Summary;
}

/** One mark on a well or site: how it is drawn beside its colour. */
export type Glyph = "recovered" | "flagged" | "unscored" | "blank" | "bad" | "fine" | "searching";

/** A part of a well: one site, with its channels summed up. */
export interface SitePart {
  readonly site: number;
  readonly value: number | undefined;
  readonly certainty: number | undefined;
  readonly glyph: Glyph | undefined;
}

export interface WellCell {
  readonly row: number;
  readonly column: number;
  readonly value: number | undefined;
  readonly certainty: number | undefined;
  readonly glyph: Glyph | undefined;
  readonly parts: readonly SitePart[];
  /** The state that stands for the well, and all that went into it. */
  readonly worst: SiteState | undefined;
}

/** The wells of a plate, made anew only where a site has changed. */
export class PlateCells {
  format: PlateFormat | undefined;
  readonly cells = new Map<number, WellCell>();
  #choice: PlateChoice | undefined;
  #table: unknown;
  #sitesByWell = new Map<number, number[]>();
  #knownSites = 0;
  /** Of the rows and columns; forgotten when a cell changes. */
  readonly #medians = new Map<string, number | undefined>();

  /** Brings the cells up to date. */
  update(page: PageState, choice: PlateChoice): void {
    const isOther = page.table !== this.#table || JSON.stringify(choice) !== JSON.stringify(this.#choice);
    if (isOther) this.#reset(page, choice);
    const dirty = this.#newSites(page, choice);
    if (!isOther) {
      for (const site of page.changedSites) {
        const well = wellOf(page.siteOf(site));
        if (well !== undefined && (page.siteOf(site).plate ?? "") === choice.plate) {
          dirty.add(well.row * 100 + well.column);
        }
      }
    }
    for (const key of dirty) this.cells.set(key, this.#cell(key, page, choice));
    if (isOther || dirty.size > 0) this.#medians.clear();
  }

  /** Median of the values of a row or a column. */
  medianOf(of: "row" | "column", number: number): number | undefined {
    const key = `${of} ${number}`;
    if (!this.#medians.has(key)) {
      const own = [...this.cells.values()].filter((cell) => cell[of] === number);
      this.#medians.set(key, median(own.flatMap(({ value }) => value ?? [])));
    }
    return this.#medians.get(key);
  }

  #reset(page: PageState, choice: PlateChoice): void {
    this.#table = page.table;
    this.#choice = choice;
    this.#knownSites = 0;
    this.#sitesByWell = new Map();
    this.cells.clear();
    this.format = undefined;
  }

  #newSites(page: PageState, choice: PlateChoice): Set<number> {
    const dirty = new Set<number>();
    const places = [];
    for (; this.#knownSites < page.table.sites.length; this.#knownSites++) {
      const site = page.siteOf(this.#knownSites);
      const well = wellOf(site);
      if (well === undefined || (site.plate ?? "") !== choice.plate) continue;
      const key = well.row * 100 + well.column;
      this.#sitesByWell.set(key, [...(this.#sitesByWell.get(key) ?? []), this.#knownSites]);
      dirty.add(key);
      places.push(well);
    }
    if (places.length > 0) {
      const { rows = 0, columns = 0 } = this.format ?? {};
      this.format = formatFor([...places, ...(rows > 0 ? [{ row: rows - 1, column: columns - 1 }] : [])]);
    }
    return dirty;
  }

  #cell(key: number, page: PageState, choice: PlateChoice): WellCell {
    const sites = this.#sitesByWell.get(key) ?? [];
    const parts: SitePart[] = [];
    const states: SiteState[] = [];
    for (const site of sites) {
      const own = page.states
        .ofSite(site, choice.timeIndex)
        .filter(({ channel }) => choice.channel === undefined || channel === choice.channel);
      states.push(...own);
      parts.push({ site, ...summed(own, choice) });
    }
    const place = { row: Math.floor(key / 100), column: key % 100 };
    return { ...place, ...summed(states, choice), parts, worst: worstOf(states) };
  }
}

/** The value of a metric, where it has been measured. */
export function metricOf(state: SiteState, metric: Metric): number | undefined {
  return metric === "level" ? state.level : metric === "certainty" ? state.certainty : state.zUm;
}

/** Value, certainty and glyph of some states as one. */
export function summed(
  states: readonly SiteState[],
  { metric, summary }: Pick<PlateChoice, "metric" | "summary">,
): Pick<SitePart, "value" | "certainty" | "glyph"> {
  const values = states.flatMap((state) => metricOf(state, metric) ?? []);
  const certainties = states.flatMap(({ certainty }) => certainty ?? []);
  // The least certain is the worst.
  const worst = metric === "certainty" ? Math.min(...values) : Math.max(...values);
  const value =
    summary === "worst" && metric !== "z" ? (values.length > 0 ? worst : undefined) : median(values);
  return { value, certainty: median(certainties), glyph: glyphOf(states) };
}

/** The state that a person should look at first. */
export function worstOf(states: readonly SiteState[]): SiteState | undefined {
  const rank = (state: SiteState) => (glyphRank(glyphOf([state])) + 1) * 100 + (state.level ?? 0);
  return states.reduce<SiteState | undefined>(
    (worst, state) => (worst === undefined || rank(state) > rank(worst) ? state : worst),
    undefined,
  );
}

/** From what can be passed over to what must be seen. */
const GLYPHS: readonly (Glyph | undefined)[] = [
  undefined,
  "fine",
  "recovered",
  "blank",
  "searching",
  "unscored",
  "flagged",
  "bad",
];

function glyphRank(glyph: Glyph | undefined): number {
  return GLYPHS.indexOf(glyph);
}

function glyphOf(states: readonly SiteState[]): Glyph | undefined {
  return states
    .map(ownGlyph)
    .reduce<Glyph | undefined>((a, b) => (glyphRank(b) > glyphRank(a) ? b : a), undefined);
}

function ownGlyph({ status, mark, outcome }: SiteState): Glyph | undefined {
  if (mark !== undefined) return mark;
  switch (status) {
    case "sharp":
      return outcome?.recovered === "yes" ? "recovered" : undefined;
    case "searching":
      return "searching";
    case "blank":
      return "blank";
    case "flagged":
    case "unjudged":
    case "refused":
      return "flagged";
    default:
      return "unscored";
  }
}
