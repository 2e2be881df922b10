import { describe, expect, test } from "vitest";
import { ContentMemory } from "../../src/refocus/content-memory.js";
import { beliefAfter } from "../../src/refocus/focus-belief.js";
import type { Sample } from "../../src/refocus/focus-evidence.js";
import { finenessSeen } from "./helpers.js";

/** Three frames of a field with focus at 0 um, whose level is flat near it. */
function field(inFocus: number, fall: number, brightness: number): Sample[] {
  return [2.5, -1.5, 0].map((zUm) => {
    const fineness = finenessSeen(zUm / 2, inFocus, fall);
    return { zUm, level: 0.4, levelSd: 0.1, contrast: Math.exp(fineness), fineness, brightness };
  });
}

/** How probable it is that a single frame is in focus, after what the memory holds. */
function inFocus(memory: ContentMemory, seen: Sample, well?: string): number {
  const prior = { umPerLevel: 2, positive: 0.5, ...memory.priorFor(well, seen.brightness) };
  return beliefAfter([seen], prior).inFocusAt(seen.zUm);
}

function memoryOf(...fields: (readonly [samples: Sample[], well?: string])[]): ContentMemory {
  const memory = new ContentMemory(0.3);
  for (const [samples, well] of fields) {
    const prior = { umPerLevel: 2, positive: 0.5, ...memory.priorFor(well, samples[0]!.brightness) };
    memory.learn(beliefAfter(samples, prior), samples.at(-1)!, well, samples[0]!.brightness);
  }
  return memory;
}

describe("what the fields of a channel have shown", () => {
  const fine = () => field(-1.3, 0.25, 450);
  const smooth = () => field(-1.7, 0.14, 300);
  /** Frames of beads: their levels rise at once. */
  const sharpPoints = () =>
    [-4, 0, 2, 3].map((zUm) => ({
      zUm,
      level: [0.32, 0.53, 1.46, 2.25][[0, 2, 3, -4].indexOf(zUm)]!,
      levelSd: 0.05,
    }));
  const seen = { zUm: 0, level: 0.4, levelSd: 0.1, fineness: -1.7 };

  test("tells a blurred field of one kind from a sharp one of another by its brightness", () => {
    const memory = memoryOf([fine()], [smooth()], [fine()], [smooth()], [fine()], [smooth()]);

    const asSmooth = inFocus(memory, { ...seen, brightness: 310 });
    const asFine = inFocus(memory, { ...seen, brightness: 440 });

    expect(asSmooth).toBeGreaterThan(0.8);
    expect(asFine).toBeLessThan(asSmooth - 0.25);
  });

  test("tells a blurred frame by its contrast where levels are flat, unless the fields of the run differ in that anyway", () => {
    /** Fields without any fineness, of which contrast falls by a third a level. */
    const fieldOf = (contrast: number) =>
      [2.5, -1.5, 0].map((zUm) => ({
        ...{ zUm, level: 0.4, levelSd: 0.1, brightness: 400 },
        contrast: contrast * Math.exp(finenessSeen(zUm / 2, 0, 0.4)),
      }));
    const alike = memoryOf([fieldOf(12e3)], [fieldOf(12.5e3)], [fieldOf(11.5e3)], [fieldOf(12e3)]);
    const unlike = memoryOf([fieldOf(4e3)], [fieldOf(12e3)], [fieldOf(7e3)], [fieldOf(30e3)]);
    const loss = (memory: ContentMemory) => {
      const at = (contrast: number) =>
        inFocus(memory, { zUm: 0, level: 0.4, levelSd: 0.1, brightness: 400, contrast });
      return at(12e3) - at(7e3);
    };

    expect(loss(alike)).toBeGreaterThan(0.15);
    expect(loss(unlike)).toBeLessThan(loss(alike) / 2);
  });

  test("counts most for fields of the same well", () => {
    const memory = memoryOf([field(-1.3, 0.25, 400), "A01"], [field(-1.7, 0.14, 400), "B01"]);

    const ofSmooth = inFocus(memory, { ...seen, brightness: 400 }, "B01");
    const ofFine = inFocus(memory, { ...seen, brightness: 400 }, "A01");

    expect(ofFine).toBeLessThan(ofSmooth - 0.1);
  });

  test("is known after three fields as bright as a new one that were seen on both sides of focus, or six of any", () => {
    const flat = [0, 1].map((zUm) => ({ zUm, level: 0.4, levelSd: 0.3, brightness: 450 }));
    const other = () => field(-1.3, 0.25, 4500);
    const knows = (...fields: Sample[][]) =>
      memoryOf(...fields.map((samples) => [samples] as const)).knows(450);

    expect(knows(fine(), fine())).toBe(false);
    expect(knows(fine(), fine(), fine())).toBe(true);
    expect(knows(...Array.from({ length: 8 }, () => flat))).toBe(false);
    expect(knows(...Array.from({ length: 5 }, other))).toBe(false);
    expect(knows(...Array.from({ length: 6 }, other))).toBe(true);
  });

  test("makes the content that was seen, and those like it, likelier than others", () => {
    const memory = memoryOf([sharpPoints()], [sharpPoints()], [sharpPoints()]);
    const { contents } = memory.priorFor(undefined, undefined);
    const { contents: before } = new ContentMemory(0.3).priorFor(undefined, undefined);
    const gains = contents.map((weight, i) => weight / before[i]!);
    const most = gains.indexOf(Math.max(...gains));

    expect(gains[most]).toBeGreaterThan(2);
    expect(Math.min(...gains)).toBeLessThan(0.5);
  });

  test("takes a brightness that is none for unknown, and any field for as like as another", () => {
    const priorAfter = (brightness: number, seen: number | undefined) => {
      const memory = memoryOf([field(-1.3, 0.25, brightness)]);
      return memory.priorFor(undefined, seen).contents;
    };

    expect(priorAfter(0, 450)).toEqual(priorAfter(450, undefined));
    expect(priorAfter(-5, 450)).toEqual(priorAfter(450, undefined));
    expect(priorAfter(450, 0)).toEqual(priorAfter(450, 450));
    expect(priorAfter(450, 45)).not.toEqual(priorAfter(450, undefined));
  });

  test("forgets the oldest of them once there are 24 newer ones", () => {
    const prior = { umPerLevel: 2, positive: 0.5, ...new ContentMemory(0.3).priorFor(undefined, undefined) };
    const [old, newer] = [fine(), smooth()].map((samples) => beliefAfter(samples, prior));
    const afterSites = (newerSites: number) => {
      const memory = new ContentMemory(0.3);
      memory.learn(old!, { zUm: 0 }, undefined, undefined);
      for (let i = 0; i < newerSites; i++) memory.learn(newer!, { zUm: 0 }, undefined, undefined);
      return memory.priorFor(undefined, undefined);
    };

    expect(afterSites(25)).toEqual(afterSites(24));
    expect(afterSites(24)).not.toEqual(afterSites(23));
  });

  test("excuses frames in focus that are not sure of their level once a few sites were", () => {
    const faint = () => fine().map((sample) => ({ ...sample, certainty: 0.1 }));
    const unsureAfter = (...kinds: Sample[][]) =>
      memoryOf(...kinds.map((samples) => [samples] as const)).priorFor(undefined, 450).unsureNear;
    const seenUnsure = { ...seen, fineness: -1.3, brightness: 450, certainty: 0.1 };

    expect(unsureAfter()).toBeCloseTo(0.08, 6);
    expect(unsureAfter(fine(), fine(), fine())).toBeLessThan(0.08);
    expect(unsureAfter(faint())).toBeLessThan(0.3);
    expect(unsureAfter(faint(), faint(), faint())).toBeGreaterThan(0.4);
    expect(inFocus(memoryOf([faint()], [faint()], [faint()]), seenUnsure)).toBeGreaterThan(
      inFocus(memoryOf([fine()], [fine()], [fine()]), seenUnsure),
    );
  });

  test("counts also where the light has changed", () => {
    const memory = memoryOf([fine()], [fine()], [fine()], [fine()]);

    const dimmed = inFocus(memory, { ...seen, brightness: 100 });
    const never = inFocus(new ContentMemory(0.3), { ...seen, brightness: 100 });

    expect(dimmed).toBeLessThan(never - 0.05);
  });
});
