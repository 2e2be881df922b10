import { Random } from "../../src/optics/random.js";
import type { Order } from "../../src/protocol/site-visit.js";
import type { Transcript } from "../helpers/transcripts.js";
import { explore } from "./explore.js";
import { LIMITS, ORDERS, protocolModel, type Setting, type State } from "./protocol-model.js";

const SETTING: Setting = {
  ...{ sessions: ["a"], sites: 1, mostFrames: 3, isDiskSlow: false },
  faults: { losses: 1, copies: 0, crashes: 0 },
};
/** Where a site begins, and one step of the model's drive, um. */
const START_UM = 5;
const STEP_UM = 4;
const SAMPLE = 10;

/** A sample of what the model's controller and its agent can say to each other at one site, by name. */
export function exploredTranscripts(): Map<string, Transcript> {
  const model = protocolModel(SETTING, () => undefined);
  const { ends, pathTo } = explore(model);
  const all = new Map<string, Transcript>();
  for (const end of ends) {
    let state = model.initial;
    const steps = pathTo(end).map((does) => {
      const before = state;
      state = model.next(state).find((step) => step.does === does)!.to;
      return { does, before, after: state };
    });
    const transcript = transcriptOf(steps);
    if (transcript !== undefined) all.set(JSON.stringify(transcript), transcript);
  }
  const random = new Random(3);
  const rest = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, transcript]) => transcript);
  const sample = Array.from({ length: SAMPLE }, () => rest.splice(random.below(rest.length), 1)[0]!);
  return new Map(sample.map((each, i) => [`explored-${String(i + 1).padStart(2, "0")}`, each]));
}

/** Undefined for what is too short to be worth it, or says nothing by a move that is none. */
function transcriptOf(
  steps: readonly { does: string; before: State; after: State }[],
): Transcript | undefined {
  const conversation: Transcript["conversation"] = [];
  const visited = [0];
  const words: string[] = [];
  let capped = false;
  for (const { does, before, after } of steps) {
    const [, whom, , id] = does.split(" ");
    const { z, taken } = before.controllers[0]!;
    const isHeard = whom === "controller";
    if (before.controllers[0]!.waits === null || after.controllers[0]!.waits !== null) continue;
    const message = before.net.find((each) => isHeard && each[0] === "controller" && each[2] === id);
    const told = message?.[0] === "controller" ? message[3] : null;
    const frame = { attempt: taken.length, zUm: umOf(z) };
    if (told === null) {
      conversation.push({ frame, answer: null });
      words.push("no answer");
    } else if (told[0] !== "verdict") {
      conversation.push({ frame, answer: { drop: told[0] } });
      words.push(`dropped (${told[0]})`);
    } else {
      const order = ORDERS[told[1]]!(told[2], told[3]);
      if (order.action?.kind === "move-z" && order.action.byUm === 0) return undefined;
      conversation.push({ frame, answer: answerOf(order) });
      words.push(told[1]);
      capped = order.acquireAgain && taken.length + 1 >= SETTING.mostFrames;
    }
    visited.push(after.controllers[0]!.z);
  }
  if (conversation.length < 2) return undefined;
  const [, keepAttempt, , why] = steps.at(-1)!.after.controllers[0]!.ended[0]!;
  const isAway = words.some((word) => word.startsWith("no answer") || word.startsWith("dropped"));
  const needs = [
    ...(why === "" ? [] : ["abandon"]),
    ...(isAway ? ["agent-away"] : []),
    ...(why === "limits" ? ["limits"] : []),
    ...(capped ? ["frame-cap"] : []),
  ];
  return {
    says: `Found by the model of the protocol: ${words.join(", then ")}.`,
    needs,
    given: {
      zUm: umOf(0),
      limitsUm: [umOf(LIMITS[0]), umOf(LIMITS[1])],
      ...(capped && { mostFrames: SETTING.mostFrames }),
    },
    conversation,
    end: {
      visitedUm: visited.filter((each, i) => each !== visited[i - 1]).map(umOf),
      keepAttempt,
      abandon: why === "" ? null : (why as Transcript["end"]["abandon"]),
    },
  };
}

function answerOf({ action, acquireAgain, keepAttempt }: Order) {
  const decision = acquireAgain ? "retry" : action === undefined ? "accept" : "flag";
  const moved = action?.kind === "move-z" ? { ...action, byUm: action.byUm * STEP_UM } : action;
  return { decision, acquireAgain, keepAttempt, ...(moved !== undefined && { action: moved }) };
}

function umOf(z: number): number {
  return START_UM + STEP_UM * z;
}
