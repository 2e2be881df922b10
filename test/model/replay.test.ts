import { describe, expect, test } from "vitest";
import { Random } from "../../src/optics/random.js";
import { until } from "../agent/helpers.js";
import { times } from "../helpers/campaign.js";
import { explore, type Model } from "./explore.js";
import { protocolModel, type Setting, type State } from "./protocol-model.js";
import { RealAgent } from "./real-agent.js";

const base = { mostFrames: 1, orders: ["accept"], isDiskSlow: false };
const SETTINGS: readonly (readonly [says: string, setting: Setting])[] = [
  [
    "one controller at two sites",
    { ...base, sessions: ["a"], sites: 2, faults: { losses: 1, copies: 0, crashes: 1 } },
  ],
  [
    "two controllers",
    { ...base, sessions: ["a", "b"], sites: 1, faults: { losses: 0, copies: 1, crashes: 0 } },
  ],
  [
    "two controllers with equal ids",
    { ...base, sessions: ["a", "a"], sites: 1, faults: { losses: 0, copies: 1, crashes: 1 } },
  ],
];

describe("the real agent says what the model says, in runs that the model has found:", () => {
  test.each(SETTINGS)("%s", async (_, setting) => {
    const model = protocolModel(setting, () => undefined);
    const { ends, pathTo } = explore(model);
    const random = new Random(7);
    const seen = new Set<string>();
    for (let i = 0; i < times(8, 300); i++) {
      const path = pathTo(ends[random.below(ends.length)]!);
      for (const step of path) seen.add(step.split(" ")[0]!);
      await replay(model, path);
    }
    // The sample holds what it is there for.
    for (const kind of ["deliver", "score", "tick", "give"]) expect(seen).toContain(kind);
    if (setting.faults.crashes > 0) expect(seen).toContain("restart");
  });
});

async function replay(model: Model<State>, path: readonly string[]): Promise<void> {
  const agent = await RealAgent.start();
  let state = model.initial;
  try {
    for (const does of path) {
      const { to } = model.next(state).find((step) => step.does === does)!;
      const [verb, whom, from, id] = does.split(" ");
      if (verb === "deliver" && whom === "agent") await agent.deliver(Number(from), id!);
      if (verb === "score") await agent.score();
      if (verb === "tick") await agent.tick();
      if (verb === "crash" || verb === "die") await agent.crash();
      if (verb === "restart") await agent.restart();
      const isAgents = verb === "deliver" || verb === "score" || verb === "tick";
      if (isAgents)
        for (const [number, frame, what] of saidBetween(state, to)) await agent.take(number, frame, what);
      state = to;
    }
    expect(agent.said).toEqual([]);
    const judged = state.records.flatMap(([id, end]) => (end === "verdict" ? [id] : []));
    await until(async () => (await agent.judged()).length >= judged.length);
    expect(await agent.judged()).toEqual(judged);
  } catch (cause) {
    throw new Error(`in the run ${path.join(", ")}`, { cause });
  } finally {
    await agent.crash();
  }
}

/** What the agent has said on the way from one state to the next. */
function saidBetween(before: State, after: State): [to: number, id: string, what: string][] {
  const earlier = before.net.map((message) => JSON.stringify(message));
  return after.net.flatMap((message) => {
    const at = earlier.indexOf(JSON.stringify(message));
    if (at >= 0) earlier.splice(at, 1);
    return at >= 0 || message[0] === "agent"
      ? []
      : [[message[1], message[2], message[3][0]] as [number, string, string]];
  });
}
