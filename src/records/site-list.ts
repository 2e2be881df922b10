import type { SiteRow } from "./rows.js";
import type { Shelf } from "./shelf.js";

/** The sites of a run, numbered in the order in which they were first heard of. */
export interface SiteList {
  /** Number of the site with this key, if it is known. */
  numberOf(key: string): number | undefined;
  at(number: number): SiteRow | undefined;
  keyAt(number: number): string | undefined;
  /** @returns its number. */
  add(key: string, site: SiteRow): number;
  /** Takes where a site is from a frame, if that was not known. */
  place(number: number, xUm: number | undefined, yUm: number | undefined): void;
}

/** All of them in memory, for whoever shows or counts them. */
export class ListedSites implements SiteList {
  readonly rows: SiteRow[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #keys: string[] = [];

  numberOf(key: string): number | undefined {
    return this.#numbers.get(key);
  }

  at(number: number): SiteRow | undefined {
    return this.rows[number];
  }

  keyAt(number: number): string | undefined {
    return this.#keys[number];
  }

  add(key: string, site: SiteRow): number {
    const number = this.rows.push(site) - 1;
    this.#numbers.set(key, number);
    this.#keys.push(key);
    return number;
  }

  place(number: number, xUm: number | undefined, yUm: number | undefined): void {
    const row = this.rows[number]!;
    row.xUm ??= xUm;
    row.yUm ??= yUm;
  }
}

/** No key of a site is empty. */
const NEXT = "";

/** A site, and the key that tells it from others. */
export interface KeyedSite {
  readonly key: string;
  readonly row: SiteRow;
}

/** Sites on shelves. */
export class ShelvedSites implements SiteList {
  readonly #numbers: Shelf<number>;
  readonly #sites: Shelf<KeyedSite>;

  /** @param numbers by key. @param sites by number. */
  constructor(numbers: Shelf<number>, sites: Shelf<KeyedSite>) {
    this.#numbers = numbers;
    this.#sites = sites;
  }

  numberOf(key: string): number | undefined {
    const number = this.#numbers.get(key);
    return number === undefined || this.#sites.get(String(number)) === undefined ? undefined : number;
  }

  at(number: number): SiteRow | undefined {
    return this.#sites.get(String(number))?.row;
  }

  keyAt(number: number): string | undefined {
    return this.#sites.get(String(number))?.key;
  }

  add(key: string, row: SiteRow): number {
    const number = this.#numbers.get(NEXT) ?? 0;
    this.#numbers.set(NEXT, number + 1);
    this.#numbers.set(key, number);
    this.#sites.set(String(number), { key, row });
    return number;
  }

  place(number: number, xUm: number | undefined, yUm: number | undefined): void {
    const site = this.#sites.get(String(number))!;
    const { row } = site;
    const isNews =
      (row.xUm === undefined && xUm !== undefined) || (row.yUm === undefined && yUm !== undefined);
    if (!isNews) return;
    row.xUm ??= xUm;
    row.yUm ??= yUm;
    this.#sites.set(String(number), site);
  }
}
