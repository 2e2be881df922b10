import { expect, test } from "vitest";
import { UnfamiliarFrames } from "../../src/agent/unfamiliar-frames.js";
import { frame, report } from "../refocus/helpers.js";
import { recordingLog } from "./helpers.js";

test("that frames are unlike all that the model was trained on is logged once for each channel of a session", () => {
  const { log, lines } = recordingLog();
  const frames = new UnfamiliarFrames(log);
  const note = (session: string, channel: string, unfamiliar: boolean) =>
    frames.note(frame({ session, channel }), report(1, { unfamiliar }));

  for (let i = 0; i < 3; i++) {
    note("a", "DAPI", false);
    note("a", "phase", true);
    note("a", "bright", true);
    note("b", "phase", true);
  }

  expect(lines.map(({ session, channel }) => [session, channel])).toEqual([
    ["a", "phase"],
    ["a", "bright"],
    ["b", "phase"],
  ]);
});
