import { expect, test } from "vitest";
import { timelineData } from "../../../src/dashboard/web/timeline-data.js";
import type { FrameRow } from "../../../src/records/rows.js";

/** Frames, one a second, that end with some of an hour before. */
function setBack(count: number): FrameRow[] {
  return Array.from({ length: count }, (_, i) => {
    const ms = 10_000_000 + 1000 * i - (i < count / 2 ? 0 : 3_600_000);
    const ids = { id: String(i), kind: "verdict", site: 0, channel: "", timeIndex: 0, zIndex: 0, attempt: 0 };
    return { ...ids, ms, expectedLevel: i, isSlice: false } as unknown as FrameRow;
  });
}

test.each([10, 4000])("the timeline has %i frames at their times though the clock was set back", (count) => {
  const { times, frames } = timelineData(setBack(count));

  expect(times).toEqual(times.toSorted((a, b) => a - b));
  for (const [i, time] of times.entries()) {
    for (const { ms } of frames[i]!) expect(Math.abs(ms / 1000 - time)).toBeLessThan(30);
  }
  expect(frames.flat()).toHaveLength(count);
});
