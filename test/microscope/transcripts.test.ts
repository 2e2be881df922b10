import { beforeAll, describe, expect, test } from "vitest";
import { GateClient } from "../../src/microscope/gate-client.js";
import { DEFAULT_PLATE_SHAPE, makePlate, type PlateSite } from "../../src/microscope/plate.js";
import { runPlate } from "../../src/microscope/run-plate.js";
import { DEFAULT_MICROSCOPE, SimulatedMicroscope } from "../../src/microscope/simulated-microscope.js";
import { Random } from "../../src/optics/random.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { ScriptedAgent } from "../helpers/scripted-agent.js";
import {
  ACCEPT,
  expectConduct,
  framesOf,
  readTranscript,
  type Transcript,
  transcriptsOf,
} from "../helpers/transcripts.js";

let site: PlateSite;

beforeAll(async () => {
  [site] = (await makePlate(["data/plate"], DEFAULT_PLATE_SHAPE, new Random(1))) as [PlateSite];
});

describe("the simulated microscope does as the transcripts say", () => {
  test.each(transcriptsOf("simulator"))("%s", async (name) => {
    const transcript = readTranscript(name);
    expectConduct(transcript, await conductOf(transcript));
  });
});

async function conductOf(transcript: Transcript) {
  const { zUm, limitsUm, mostFrames } = transcript.given;
  const steps = framesOf(transcript);
  const abort = new AbortController();
  const heard: FrameMessage[] = [];
  const agent = await ScriptedAgent.start((message) => {
    if (message.type !== "frame") return undefined;
    const step = steps[heard.push(message) - 1];
    if (step?.meanwhile === "cancel") abort.abort();
    return answerTo(message, step?.answer ?? null);
  });
  const client = new GateClient(agent.address, "transcript");
  client.start();
  expect(await client.waitForAgent(5000)).toBe(true);
  const microscope = new SimulatedMicroscope({ ...DEFAULT_MICROSCOPE, zLimitsUm: limitsUm }, new Random(1));
  const movesUm: number[] = [];
  const { drive } = microscope;
  const moveTo = drive.moveTo.bind(drive);
  drive.moveTo = (toUm) => {
    movesUm.push(toUm);
    moveTo(toUm);
  };
  const run = runPlate({
    ...{ microscope, client, sites: [site], session: "transcript", plate: "plate", plannedZUm: zUm },
    ...{ deadlineMs: 500, clock: () => performance.now(), signal: abort.signal },
    ...(mostFrames !== undefined && { mostFrames }),
  });
  const { value } = await run.next();
  await client.stop();
  await agent.heard("bye");
  const said = agent.received.filter((message) => message.type === "abandon");
  const frames = heard.map(({ id, attempt, zUm }) => ({ id, attempt, zUm: zUm! }));
  const [abandons, named] = [said.map(({ why }) => why), said.map(({ frameId }) => frameId)];
  return { frames, movesUm, zUm: drive.positionUm, keepAttempt: value!.keepAttempt, abandons, named };
}

function answerTo({ id, session }: FrameMessage, answer: object | null): object | undefined {
  if (answer === null) return undefined;
  const head = { v: 1, id, session };
  if ("drop" in answer) return { ...head, type: "drop", why: answer.drop };
  if ("error" in answer) return { ...head, type: "error", code: answer.error, message: "on purpose" };
  return { ...ACCEPT, ...answer, id, session };
}
