import { describe, expect, test } from "vitest";
import { ContentMemory } from "../../src/refocus/content-memory.js";
import { FocusBelief, type Sample } from "../../src/refocus/focus-belief.js";
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
  return new FocusBelief([seen], prior).inFocusAt(seen.zUm);
}

function memoryOf(...fields: (readonly [samples: Sample[], well?: string])[]): ContentMemory {
  const memory = new ContentMemory(0.3);
  for (const [samples, well] of fields) {
    const prior = { umPerLevel: 2, positive: 0.5, ...memory.priorFor(well, samples[0]!.brightness) };
    memory.learn(new FocusBelief(samples, prior), well, samples[0]!.brightness);
  }
  return memory;
}

describe("what the fields of a channel have shown", () => {
  const fine = () => field(-1.3, 0.25, 450);
  const smooth = () => field(-1.7, 0.14, 300);
  const seen = { zUm: 0, level: 0.4, levelSd: 0.1, fineness: -1.7 };

  test("tells a blurred field of one kind from a sharp one of another by its brightness", () => {
    const memory = memoryOf([fine()], [smooth()], [fine()], [smooth()], [fine()], [smooth()]);

    const asSmooth = inFocus(memory, { ...seen, brightness: 310 });
    const asFine = inFocus(memory, { ...seen, brightness: 440 });

    expect(asSmooth).toBeGreaterThan(0.8);
    expect(asFine).toBeLessThan(asSmooth - 0.25);
  });

  test("counts most for fields of the same well", () => {
    const memory = memoryOf([field(-1.3, 0.25, 400), "A01"], [field(-1.7, 0.14, 400), "B01"]);

    const ofSmooth = inFocus(memory, { ...seen, brightness: 400 }, "B01");
    const ofFine = inFocus(memory, { ...seen, brightness: 400 }, "A01");

    expect(ofFine).toBeLessThan(ofSmooth - 0.1);
  });

  test("counts also where the light has changed", () => {
    const memory = memoryOf([fine()], [fine()], [fine()], [fine()]);

    const dimmed = inFocus(memory, { ...seen, brightness: 100 });
    const never = inFocus(new ContentMemory(0.3), { ...seen, brightness: 100 });

    expect(dimmed).toBeLessThan(never - 0.05);
  });
});
