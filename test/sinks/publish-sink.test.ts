import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Subscriber } from "zeromq";
import { AddressError } from "../../src/errors.js";
import { systemClock } from "../../src/protocol/clock.js";
import { PublishSink } from "../../src/sinks/publish-sink.js";
import { recordingLog, temporaryFolder, until } from "../agent/helpers.js";
import { verdict } from "./helpers.js";

const FREE = "tcp://127.0.0.1:*";

function publishSink(address = FREE): PublishSink {
  const sink = new PublishSink({ enabled: true, address }, { log: recordingLog().log, clock: systemClock });
  onTestFinished(() => sink.stop());
  return sink;
}

const signal = new AbortController().signal;

describe("what is published", () => {
  test("is each record by its type, counted as it leaves, the last ones after a stop, too", async () => {
    const sink = publishSink();
    const address = await sink.start(signal);
    expect(address).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    const subscriber = new Subscriber({ receiveTimeout: 10_000 });
    onTestFinished(() => subscriber.close());
    subscriber.connect(address);
    subscriber.subscribe("parfocal.v1.verdict");
    const ids: string[] = [];
    const heard = (async () => {
      for await (const [topic, text] of subscriber) {
        expect(topic!.toString()).toBe("parfocal.v1.verdict");
        ids.push((JSON.parse(text!.toString()) as { id: string }).id);
        if (ids.at(-1) === "last") return;
      }
    })();
    // What is sent before the subscription is known goes to nobody.
    await until(() => {
      sink.write(verdict({ id: "early" }));
      return ids.length > 0;
    });
    const before = await until(() => {
      const { written } = sink.counts();
      return written >= ids.length && written;
    });
    for (const id of ["a", "b", "last"]) sink.write(verdict({ id }));
    await sink.stop();
    await heard;

    expect(ids.slice(-3)).toEqual(["a", "b", "last"]);
    expect(sink.counts()).toEqual({ written: before + 3, failures: 0, lost: 0 });
    sink.write(verdict());
    expect(sink.counts().written).toBe(before + 3);
  });

  test("needs an address that is free, and says which setting names it", async () => {
    const address = await publishSink().start(signal);
    const error: unknown = await publishSink(address)
      .start(signal)
      .catch((e: unknown) => e);

    expect(error).toBeInstanceOf(AddressError);
    expect((error as Error).message).toContain("publish.address");
    expect((error as Error).message).toContain(address);
  });

  test.skipIf(process.platform === "win32")(
    "is nothing where the start was called off, and the address is free again",
    async () => {
      const address = `ipc://${join(await temporaryFolder(), "publish")}`;
      const calledOff = publishSink(address).start(AbortSignal.abort(new Error("stopped")));
      await expect(calledOff).rejects.toThrow("stopped");

      expect(await publishSink(address).start(signal)).toBe(address);
    },
  );
});
