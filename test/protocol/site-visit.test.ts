import { describe, expect, test } from "vitest";
import { type Order, SiteVisit, type Step } from "../../src/protocol/site-visit.js";
import {
  expectConduct,
  framesOf,
  readTranscript,
  type Transcript,
  transcriptsOf,
} from "../helpers/transcripts.js";

const wide = { rangeUm: [-40, 40] } as const;
const keeping = (keepAttempt: number): Order => ({ acquireAgain: false, keepAttempt });
const moving = (byUm: number, more: object = {}): Order => ({
  acquireAgain: true,
  keepAttempt: 0,
  action: { kind: "move-z", byUm, ...more },
});

describe("a visit to a site", () => {
  test.each(transcriptsOf("simulator"))("goes as the transcript %s says", (name) => {
    const transcript = readTranscript(name);
    expectConduct(transcript, conductOf(transcript));
  });

  test("has no best z before its first frame, and nowhere to go back to", () => {
    const visit = new SiteVisit(wide);

    expect(visit.bestZUm).toBeUndefined();
    expect(visit.refuse("no-frame", "the camera is off")).toEqual({
      again: false,
      stopsUm: [],
      autofocus: false,
    });
    expect(visit.refusal).toEqual({ why: "no-frame", reason: "the camera is off" });
  });

  test("counts its attempts from 0", () => {
    const visit = new SiteVisit(wide);

    expect(visit.attempt).toBe(0);
    visit.take(5, moving(3));
    expect(visit.attempt).toBe(1);
  });

  test("goes back to a z that it was at, though the limits forbid it, but not beside it", () => {
    const [back, beside] = [50.05, 50.2].map((zUm) => {
      const visit = new SiteVisit(wide);
      visit.take(50, { ...moving(-20), keepAttempt: 0 });
      return visit.take(30, moving(zUm - 30));
    }) as [Step, Step];

    expect(back.stopsUm).toEqual([50.05]);
    expect(back.again).toBe(true);
    expect(beside).toMatchObject({ again: false, stopsUm: [50] });
  });

  test("says where a forbidden move would have gone", () => {
    const visit = new SiteVisit(wide);
    visit.take(5, moving(36));

    expect(visit.refusal).toEqual({
      why: "limits",
      reason: "z 41.00 um is outside -40.00 um to 40.00 um",
    });
  });

  test("moves nothing against a focus lock, wherever it is", () => {
    const visit = new SiteVisit(wide);
    visit.take(5, moving(7));
    visit.take(12, moving(3));

    expect(visit.refuse("lock", "the lock is on").stopsUm).toEqual([]);
    expect(visit.refuse("drive", "the drive is off").stopsUm).toEqual([5]);
  });

  test("runs the controller's autofocus and goes nowhere itself", () => {
    const order: Order = { acquireAgain: true, keepAttempt: 0, action: { kind: "autofocus" } };

    expect(new SiteVisit(wide).take(5, order)).toEqual({ again: true, stopsUm: [], autofocus: true });
  });

  test("moves, or stays and takes another frame, without an autofocus", () => {
    const again: Order = { acquireAgain: true, keepAttempt: 0, action: { kind: "reacquire" } };

    expect(new SiteVisit(wide).take(5, again)).toEqual({ again: true, stopsUm: [], autofocus: false });
    expect(new SiteVisit(wide).take(5, moving(-4))).toEqual({ again: true, stopsUm: [1], autofocus: false });
    expect(new SiteVisit(wide).take(5, moving(-4, { viaUm: -9 }))).toEqual({
      again: true,
      stopsUm: [-4, 1],
      autofocus: false,
    });
  });

  test("keeps what it knows where a verdict names an attempt that there was not", () => {
    const visit = new SiteVisit(wide);
    visit.take(5, keeping(0));
    visit.take(6, keeping(2));

    expect(visit.keepAttempt).toBe(0);
  });

  test("keeps the newest frame while none was judged, and the best judged one later", () => {
    const unjudged = new SiteVisit(wide);
    unjudged.take(5, undefined);
    expect([unjudged.keepAttempt, unjudged.refusal]).toEqual([
      0,
      { why: "unscored", reason: "no verdict in time" },
    ]);
    unjudged.take(6, undefined, "too small");
    expect([unjudged.keepAttempt, unjudged.refusal?.reason]).toEqual([1, "too small"]);

    const judged = new SiteVisit(wide);
    judged.take(5, moving(3));
    judged.take(8, undefined);
    expect(judged.keepAttempt).toBe(0);
  });

  test("takes as many frames as it may, and says how many those were", () => {
    const visit = new SiteVisit({ ...wide, mostFrames: 2 });

    expect(visit.take(5, moving(3)).again).toBe(true);
    expect(visit.take(8, moving(3)).again).toBe(false);
    expect(visit.refusal).toEqual({ why: "other", reason: "no more than 2 frames a site" });
    expect(new SiteVisit({ ...wide, mostFrames: 1 }).take(5, keeping(0)).again).toBe(false);
  });
});

/** Obeys a transcript with a drive that goes where it is told. */
function conductOf(transcript: Transcript) {
  const { zUm, limitsUm, mostFrames } = transcript.given;
  const visit = new SiteVisit({ rangeUm: limitsUm, ...(mostFrames !== undefined && { mostFrames }) });
  const steps = framesOf(transcript);
  const frames: { attempt: number; zUm: number }[] = [];
  const movesUm: number[] = [];
  let hereUm = zUm;
  for (let again = true; again; ) {
    const { answer, meanwhile } = steps[visit.attempt]!;
    frames.push({ attempt: visit.attempt, zUm: hereUm });
    const order = answer !== null && "decision" in answer ? withoutNulls(answer) : undefined;
    let step = visit.take(hereUm, order);
    if (meanwhile === "cancel") step = visit.refuse("cancelled", "cancelled");
    movesUm.push(...step.stopsUm);
    hereUm = step.stopsUm.at(-1) ?? hereUm;
    again = step.again;
  }
  const abandons = visit.refusal === undefined ? [] : [visit.refusal.why];
  return { frames, movesUm, zUm: hereUm, keepAttempt: visit.keepAttempt, abandons };
}

function withoutNulls(answer: object): Order {
  return JSON.parse(JSON.stringify(answer, (_, value: unknown) => value ?? undefined)) as Order;
}
