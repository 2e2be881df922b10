import { describe, test } from "vitest";
import { focusHere } from "../../src/agent/focus-loop.js";
import { FrameShapeError } from "../../src/errors.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import type { Judgement } from "../../src/refocus/site-search.js";
import { MicroManagerMicroscope } from "../../src/sources/micromanager/microscope.js";
import {
  breaksOff,
  expectConduct,
  framesOf,
  isMissing,
  readTranscript,
  type Transcript,
  transcriptsOf,
} from "../helpers/transcripts.js";
import { report, settings } from "../refocus/helpers.js";
import { connect, JavaServer, missing } from "../sources/micromanager/java-server.js";
import { faultyScorer } from "./helpers.js";

describe.skipIf(missing !== undefined)("parfocal focus does as the transcripts say", () => {
  test.each(transcriptsOf("focus"))("%s", async (name) => {
    const transcript = readTranscript(name);
    expectConduct(transcript, await conductOf(transcript));
  });
});

/** Runs the loop on a real Micro-Manager server, with a policy that says what the transcript's agent says. */
async function conductOf(transcript: Transcript) {
  const { given } = transcript;
  const { autofocus } = given;
  const server = await JavaServer.start({
    ...{ zUm: given.zUm, minZUm: -1000, maxZUm: given.driveEndsUm ?? 1000 },
    ...{ isReversed: given.driveReports === "opposite", lock: given.lock === "engaged" },
    ...(autofocus !== undefined && "endsUm" in autofocus && { autofocusErrorUm: autofocus.endsUm }),
    studioAutofocus: false,
  });
  if (autofocus !== undefined && "fails" in autofocus) await server.fail("fullFocus", autofocus.fails);
  const microscope = new MicroManagerMicroscope(await connect(server.port));
  const abort = new AbortController();
  const steps = framesOf(transcript);
  const heard: { attempt: number; zUm: number }[] = [];
  let attempt = 0;
  const end = await focusHere({
    microscope: {
      snap: async (signal) => {
        if (isMissing(transcript, attempt)) await server.fail("snapImage", "the shutter is stuck");
        if (breaksOff(transcript, attempt)) abort.abort();
        return microscope.snap(signal);
      },
      zUm: () => microscope.zUm(),
      moveToZ: (zUm) => microscope.moveToZ(zUm),
      autofocus: () => microscope.autofocus(),
      isLocked: () => microscope.isLocked(),
    },
    scorer: faultyScorer(async () => {
      const step = steps[attempt]!;
      attempt++;
      if (step.answer === null || !("error" in step.answer)) return report(3);
      heard.push({ attempt: step.frame.attempt, zUm: await microscope.zUm() });
      throw new FrameShapeError("on purpose");
    }),
    policy: {
      settings,
      abandon: () => undefined,
      judge: (header: FrameMessage) => {
        heard.push({ attempt: header.attempt, zUm: header.zUm! });
        const step = steps[header.attempt]!;
        if (step.meanwhile === "cancel") abort.abort();
        return judgementOf(step.answer);
      },
    },
    range: given.limitsUm,
    session: "transcript",
    signal: abort.signal,
  });
  const { moves, zUm } = await server.state();
  const abandons = end.why === undefined ? [] : [end.why];
  return { frames: heard, movesUm: moves, zUm, keepAttempt: end.keepAttempt, abandons };
}

/** The verdict of a transcript as the policy would say it. */
function judgementOf(answer: unknown): Judgement {
  const withoutNulls = JSON.stringify(answer, (_, value: unknown) => value ?? undefined);
  const said = JSON.parse(withoutNulls) as Pick<Judgement, "decision" | "keepAttempt">;
  return { attemptsLeft: 3, reason: "", outcomes: [], ...said };
}
