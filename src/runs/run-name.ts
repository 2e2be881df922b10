import type { ResultRecord } from "../records/record.js";

/** What a run is called by. */
export interface NamedRun {
  /** The session. */
  readonly id: string;
  readonly controller?: string | undefined;
  /** Wall clock of its first record, ms since 1970 UTC. */
  readonly startedMs: number;
}

/** A run's name for people: when it began, by the local clock, and who ran it. Whatever is stored goes by its id. */
export function runName({ controller, startedMs }: NamedRun): string {
  const began = new Date(startedMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [began.getFullYear(), two(began.getMonth() + 1), two(began.getDate())].join("-");
  const time = [began.getHours(), began.getMinutes(), began.getSeconds()].map(two).join(":");
  return [day, time, ...(controller ? [controller] : [])].join(" ");
}

/** The runs that are called so, by id or by name: the one that is called exactly so, else all that begin so. */
export function runsCalled<Run extends NamedRun>(runs: readonly Run[], called: string): Run[] {
  const names = (run: Run) => [run.id, runName(run)];
  const exact = runs.find(({ id }) => id === called);
  if (exact !== undefined) return [exact];
  const named = runs.filter((run) => runName(run) === called);
  return named.length > 0 ? named : runs.filter((run) => names(run).some((name) => name.startsWith(called)));
}

/** The runs that records tell of, in the order in which they began. */
export class RunNames {
  readonly #runs = new Map<string, NamedRun>();

  apply({ session: id, controller, recordedMs }: ResultRecord): void {
    if (id === undefined) return;
    const known = this.#runs.get(id);
    if (known !== undefined && known.controller !== undefined) return;
    this.#runs.set(id, { id, controller, startedMs: known?.startedMs ?? recordedMs });
  }

  all(): NamedRun[] {
    return [...this.#runs.values()];
  }
}
