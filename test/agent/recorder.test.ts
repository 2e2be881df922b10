import { expect, test } from "vitest";
import { Recorder } from "../../src/agent/recorder.js";
import type { ResultRecord } from "../../src/records/record.js";
import type { Sink } from "../../src/sinks/sink.js";
import { ManualClock } from "../helpers/manual-clock.js";
import { verdict } from "../store/records.js";
import { recordingLog } from "./helpers.js";

/** Notes in `heard` what sinks are told. */
function sinkCalled(name: string, heard: string[], parts: Partial<Sink> = {}): Sink {
  return {
    canWait: true,
    start: async () => name,
    write: ({ session }) => void heard.push(`${name} ${session}`),
    ended: (session) => void heard.push(`${name}: ${session} is over`),
    counts: () => ({ written: 0, failures: 0, lost: 0 }),
    stop: async () => void heard.push(`${name} stops`),
    ...parts,
  };
}

async function started(sinks: Record<string, Sink>): Promise<{ recorder: Recorder; clock: ManualClock }> {
  const clock = new ManualClock();
  const recorder = new Recorder(new Map(Object.entries(sinks)), recordingLog().log, clock);
  await recorder.start(new AbortController().signal);
  return { recorder, clock };
}

const record = (run: string): ResultRecord => verdict({ run });

test("sinks that can wait have a record once its answer has left, which waits for the others alone", async () => {
  const heard: string[] = [];
  const { recorder, clock } = await started({
    page: sinkCalled("page", heard, {
      write: ({ session }) => new Promise(() => heard.push(`page ${session}`)),
    }),
    journal: sinkCalled("journal", heard, {
      canWait: false,
      write: async () => void heard.push("journal"),
    }),
  });

  await recorder.write(record("one"));
  const atAnswer = heard.splice(0);
  void recorder.write(record("two"));
  clock.advance(1000);

  expect(atAnswer).toEqual(["journal"]);
  expect(heard).toEqual(["journal", "page one", "page two"]);
});

test("an answer waits for nothing where all sinks can wait", async () => {
  const { recorder } = await started({ page: sinkCalled("page", []) });

  expect(recorder.write(record("one"))).toBeUndefined();
});

test("what a sink is told of a controller comes after the records of before, and a stop after all of them", async () => {
  const heard: string[] = [];
  const page = sinkCalled("page", heard);
  const { recorder } = await started({ page, alerts: sinkCalled("alerts", heard) });
  void recorder.write(record("one"));
  recorder.ended("one");
  void recorder.write(record("two"));
  await recorder.stop((stopping) => stopping);

  expect(heard.filter((words) => words.startsWith("page"))).toEqual([
    "page one",
    "page: one is over",
    "page two",
    "page stops",
  ]);
});

test("what a sink records of the last records is written, too", async () => {
  const heard: string[] = [];
  const { recorder } = await started({
    page: sinkCalled("page", heard),
    alerts: sinkCalled("alerts", heard, {
      write: ({ session }) => void (session === "last" && recorder.write(record("alert"))),
    }),
  });
  void recorder.write(record("last"));
  await recorder.stop((stopping) => stopping);

  expect(heard).toEqual(["page last", "page alert", "alerts stops", "page stops"]);
});
