import { describe, expect, test } from "vitest";
import { times } from "../helpers/campaign.js";
import { explore } from "./explore.js";
import { countedWrong } from "./frames-counted.js";
import { type Flaw, protocolModel, type Setting } from "./protocol-model.js";

const faults = (losses: number, copies: number, crashes: number) => ({ losses, copies, crashes });
const one: Setting = { sessions: ["a"], sites: 1, mostFrames: 2, faults: faults(1, 1, 1), isDiskSlow: true };
const two: Setting = { ...one, sessions: ["a", "b"], mostFrames: 1, orders: ["accept"] };
const equal: Setting = { ...two, sessions: ["a", "a"] };

/** What is tried each time, what is tried in a campaign, and how many states each has. */
const SETTINGS: readonly (readonly [says: string, setting: Setting, often: Setting, states: number])[] = [
  ["one controller and every fault once", one, { ...one, mostFrames: 3 }, 25_105],
  [
    "one controller at two sites",
    { ...one, sites: 2, mostFrames: 1, faults: faults(1, 0, 1) },
    { ...one, sites: 2, mostFrames: 1 },
    36_901,
  ],
  [
    "two controllers and a loss",
    { ...two, faults: faults(1, 0, 0) },
    { ...two, faults: faults(1, 1, 0) },
    6604,
  ],
  [
    "two controllers and a crash",
    { ...two, faults: faults(0, 0, 1) },
    { ...two, faults: faults(1, 0, 1) },
    13_147,
  ],
  [
    "two controllers with equal ids, a message that comes twice and a crash",
    { ...equal, faults: faults(0, 1, 1), isDiskSlow: false },
    { ...equal, faults: faults(0, 1, 1) },
    20_982,
  ],
  [
    "two controllers with equal ids that search",
    { ...equal, mostFrames: 2, orders: ["up", "far"], faults: faults(0, 0, 0) },
    { ...equal, mostFrames: 2, orders: ["up", "far"], faults: faults(0, 1, 0) },
    6636,
  ],
];

describe("in every order of what can happen, all runs end, nobody waits too long, and nothing that was said is lost:", () => {
  test.each(SETTINGS)("%s", (_, setting, often, states) => {
    const found = explore(protocolModel(times(1, 2) === 2 ? often : setting, countedWrong));

    expect([found.wrong, found.wrongPath]).toEqual([undefined, []]);
    // All of them, not a part: a model that lost something would have fewer.
    if (times(1, 2) === 1) expect(found.states).toBe(states);
    else process.stdout.write(`${_}: ${found.states} states, ${found.steps} steps\n`);
  });
});

describe("the model finds", () => {
  test.each<readonly [Flaw, Partial<Setting>, RegExp]>([
    ["the controller has no deadline of its own", {}, /waits beyond deadline and patience|cannot go on/],
    ["the agent has no deadline", {}, /no answer at its deadline/],
    ["answers leave before they are recorded", {}, /answered and is not on record/],
    ["repeats of a frame are forgotten", { faults: faults(0, 1, 0) }, /never answered/],
    ["the controller obeys every move", {}, /outside the limits/],
  ])("that %s", (flaw, fields, says) => {
    const { wrong, wrongPath } = explore(protocolModel({ ...one, ...fields, flaw }, countedWrong));

    expect(wrong).toMatch(says);
    expect(wrongPath.length).toBeGreaterThan(0);
  });

  test("a frame that is counted twice", () => {
    const records = new Set<string>();
    const counted = (lines: readonly (readonly [id: string, end: string])[]) => {
      for (const line of lines) records.add(line.join(" "));
      return new Set(lines.map(([id]) => id)).size < lines.length ? "more lines than frames" : undefined;
    };

    expect(explore(protocolModel(one, counted)).wrong).toBe("more lines than frames");
  });

  test("a run that goes round in circles", () => {
    const next = (state: number) => [{ does: "turn", to: (state + 1) % 3 }];

    expect(explore({ initial: 0, next, wrong: () => undefined }).wrong).toBe("a run can go on for ever");
  });
});
