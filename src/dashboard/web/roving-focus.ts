/** Steps of the arrow keys, as columns and rows. */
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export interface RovingTargets {
  /** The place that a step leads to, or undefined where there is none. */
  next(place: number, columns: number, rows: number): number | undefined;
  /** The place that can be reached by Tab is another now. */
  moved(place: number): void;
  choose(place: number): void;
}

/** Keys on a drawing whose parts carry `data-place`: arrows go from one to the next, Enter and space choose. */
export function rovingKeys(event: KeyboardEvent, targets: RovingTargets): void {
  const place = placeOf(event);
  if (place === undefined) return;
  const step = STEPS[event.key];
  if (event.key === "Enter" || event.key === " ") targets.choose(place);
  else if (step === undefined) return;
  else {
    const next = targets.next(place, ...step);
    if (next !== undefined) {
      const part = (event.currentTarget as Element).querySelector<SVGElement>(`[data-place="${next}"]`);
      part?.focus();
      targets.moved(next);
    }
  }
  event.preventDefault();
}

/** The part that an event is about. */
export function placeOf(event: Event): number | undefined {
  const place = (event.target as Element).closest("[data-place]")?.getAttribute("data-place");
  return place == null ? undefined : Number(place);
}
