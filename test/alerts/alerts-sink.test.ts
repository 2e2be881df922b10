import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, onTestFinished, test } from "vitest";
import { AlertsSink } from "../../src/alerts/alerts-sink.js";
import { AlertsConfig } from "../../src/config/alerts.js";
import { type Clock, passed, systemClock } from "../../src/protocol/clock.js";
import type { AlertMessage } from "../../src/protocol/messages.js";
import type { ResultRecord } from "../../src/records/record.js";
import { recordingLog, until } from "../agent/helpers.js";
import { serve } from "../dashboard/helpers.js";
import { ManualClock } from "../helpers/manual-clock.js";
import { hasOpenssl, ownCertificate } from "../helpers/own-certificate.js";
import { verdict } from "../store/records.js";

/** A webhook that answers each message with the next of these, at 429 with the pause that it asks for; "hang": never. */
async function webhook(
  ...answers: (number | "hang" | { retryAfter: string })[]
): Promise<{ url: string; texts: string[]; keys: unknown[]; server: Server }> {
  const texts: string[] = [];
  const keys: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    keys.push(request.headers["idempotency-key"]);
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      texts.push((JSON.parse(Buffer.concat(chunks).toString()) as { text: string }).text);
      const answer = answers.shift() ?? 200;
      if (typeof answer === "object") response.writeHead(429, { "retry-after": answer.retryAfter }).end();
      else if (answer !== "hang") response.writeHead(answer).end("ok");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/SECRET`,
    texts,
    keys,
    server,
  };
}

function sink(fields: Record<string, unknown>, clock: Clock = systemClock) {
  const alerts: AlertMessage[] = [];
  const { log, lines } = recordingLog();
  const made = new AlertsSink(AlertsConfig.parse(fields), {
    ...{ log, clock },
    onAlert: (alert) => alerts.push(alert),
  });
  onTestFinished(() => made.stop());
  return { made, alerts, lines };
}

/** Collects garbage again and again until the test ends: a time limit must not be lost with it. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const timer = setInterval(collect, 10);
  onTestFinished(() => clearInterval(timer));
}

/** Sites that go wrong, enough for an alert. */
const fail = (made: AlertsSink) => {
  for (let i = 0; i < 6; i++) made.write(verdict({ site: `A${i + 1}-Site_0`, decision: "flag" }));
};

function drop({ id, session, frame, recordedMs }: ReturnType<typeof verdict>): ResultRecord {
  return { v: 1, type: "drop", id, session, why: "deadline", frame: frame!, recordedMs };
}

function outcome(session: string): ResultRecord {
  return {
    ...{
      v: 1,
      type: "outcome",
      session,
      site: { name: "A1-Site_0", plate: "P1", well: "A1" },
      channel: "DAPI",
    },
    ...{ recovered: "no", decision: "flag", attempts: 1, levelBefore: 5, levelAfter: 5, travelUm: 0 },
    ...{ keepId: "f", keepAttempt: 0, actions: [], tried: [], why: "limits", reason: "", recordedMs: 0 },
  };
}

function abandon(session: string): ResultRecord {
  const site = { name: "A1-Site_0", plate: "P1", well: "A1" };
  return { v: 1, type: "abandon", session, site, channel: "DAPI", why: "limits", reason: "", recordedMs: 0 };
}

describe("alerts", () => {
  test("go to the webhook as Slack takes them, to the log and to the records", async () => {
    const { url, texts } = await webhook();
    const { made, alerts, lines } = sink({ webhook: url, plate: { share: 1 }, hour: { share: 1 } });
    await made.start();

    fail(made);

    await until(() => texts.length === 1);
    expect(texts).toEqual([expect.stringMatching(/^Parfocal, run-1: Row A of plate P1: 6 of 6 sites/)]);
    expect(alerts).toMatchObject([
      { type: "alert", session: "run-1", alert: "row-failures", state: "raised" },
    ]);
    expect(lines).toMatchObject([{ alert: "row-failures", state: "raised" }]);
  });

  test("are sent again after a failure", async () => {
    const { url, texts } = await webhook(500, 200);
    const { made, lines } = sink({ webhook: url, plate: { share: 1 }, hour: { share: 1 } });

    fail(made);

    await until(() => texts.length === 2);
    expect(texts[0]).toBe(texts[1]);
    expect(made.counts()).toMatchObject({ failures: 1, lost: 0 });
    expect(lines.filter(({ msg }) => String(msg).includes("webhook"))).toHaveLength(1);
  });

  test("have a key that is the same for each try of a message, so that a slow webhook can tell a repeat", async () => {
    const { url, texts, keys } = await webhook("hang", "hang", 200);
    const clock = new ManualClock();
    const { made } = sink({ webhook: url, hour: { share: 1 } }, clock);

    fail(made);
    for (const tries of [1, 2]) {
      await until(() => texts.length === tries);
      clock.advance(5000);
      await until(() => made.counts().failures === tries);
      clock.advance(5000);
    }

    await until(() => texts.length === 4);
    expect(new Set(texts.slice(0, 3)).size).toBe(1);
    expect(keys).toEqual([keys[0], keys[0], keys[0], expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(keys[3]).not.toBe(keys[0]);
  });

  test.skipIf(!hasOpenssl).each([
    [
      "a certificate of its own",
      async () => createSecureServer(await ownCertificate()),
      /^self-signed certificate; to trust it, set NODE_EXTRA_CA_CERTS/,
    ],
    ["no TLS", async () => createServer(), /^it does not speak TLS: begin its address with http:/],
  ])("say what to do about a webhook with %s", async (_, make, reason) => {
    const server = (await make()).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { made, lines } = sink({
      webhook: `https://127.0.0.1:${(server.address() as AddressInfo).port}/services/SECRET`,
    });

    fail(made);

    await until(() => made.counts().failures > 0);
    expect(lines).toContainEqual(expect.objectContaining({ reason: expect.stringMatching(reason) }));
  });

  test.each([
    ["seconds", "30"],
    ["a date", new Date(30_000).toUTCString()],
  ])("wait for as long as a webhook asks that has enough of them, in %s", async (_, retryAfter) => {
    const { url, texts } = await webhook({ retryAfter }, { retryAfter: "30" });
    const clock = new ManualClock();
    const { made } = sink({ webhook: url, plate: { share: 1 }, hour: { share: 1 } }, clock);

    fail(made);
    for (const tries of [1, 2]) {
      await until(() => made.counts().failures === tries);
      clock.advance(29_999);
      await passed(systemClock, 100);
      expect(texts).toHaveLength(tries);
      clock.advance(1);
    }

    await until(() => texts.length === 3);
    expect(made.counts().lost).toBe(0);
  });

  test("do not follow a redirect, which would lose their text, and say so", async () => {
    const { url, texts } = await webhook(302, 302, 302);
    const { made, lines } = sink({ webhook: url, plate: { share: 1 }, hour: { share: 1 } });

    fail(made);

    await until(() => made.counts().failures > 0);
    expect(texts).toHaveLength(1);
    expect(lines).toContainEqual(
      expect.objectContaining({ reason: "it answered 302, a redirect: set the address that it leads to" }),
    );
  });

  test.each([
    ["hangs", async () => (await webhook("hang", "hang", "hang")).url],
    ["is not there", async () => "http://127.0.0.1:1/services/SECRET"],
  ])("hold nothing up when the webhook %s, and its secret is not told", async (_, address) => {
    const { made, alerts, lines } = sink({ webhook: await address(), timeoutMs: 50 });
    collectGarbage();

    fail(made);

    await until(() => made.counts().failures > 0);
    expect(alerts.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain("SECRET");
    await made.stop();
    expect(made.counts().lost).toBeGreaterThan(0);
  });

  test("tell that frames have stopped coming, and that they come again, but not at the end of a run", async () => {
    const { made, alerts } = sink({ silentS: 0.05 });
    made.write(verdict({ run: "over", decision: "retry" }));
    made.ended("over");
    // Watched last, so that the others would have been told before it.
    made.write(verdict({ run: "stuck", decision: "retry" }));

    await until(() => alerts.length === 1);
    made.write(verdict({ run: "stuck", attempt: 1 }));

    expect(alerts).toMatchObject([
      { session: "stuck", alert: "no-frames", state: "raised" },
      { session: "stuck", alert: "no-frames", state: "cleared" },
    ]);
  });

  test.each([
    ["its last site was accepted", [verdict({ run: "done" })]],
    ["its last frame was dropped", [drop(verdict({ run: "done" }))]],
    ["its last site was abandoned", [verdict({ run: "done", decision: "retry" }), abandon("done")]],
    ["its last search has an outcome", [verdict({ run: "done", decision: "retry" }), outcome("done")]],
  ])("say nothing of an acquisition that may be over: %s", async (_, records) => {
    const { made, alerts } = sink({ silentS: 0.05 });
    for (const record of records) made.write(record);
    made.write(verdict({ run: "stuck", decision: "retry" }));

    await until(() => alerts.length === 1);

    expect(alerts).toMatchObject([{ session: "stuck", state: "raised" }]);
  });

  test("tell of an acquisition that stops between two sites, where the controller says that one runs", async () => {
    const { made, alerts } = sink({ silentS: 0.05 });
    const records = [verdict({ run: "stuck" }), outcome("stuck")];
    for (const record of records) made.write(record);
    made.acquiring("stuck", true);

    await until(() => alerts.length === 1);
    made.acquiring("stuck", true);
    made.acquiring("stuck", false);

    expect(alerts).toMatchObject([
      { session: "stuck", alert: "no-frames", state: "raised" },
      { session: "stuck", alert: "no-frames", state: "cleared", message: "The acquisition is over" },
    ]);
  });

  test("say nothing of a site that is not finished where no acquisition runs, nor of an acquisition that is over", async () => {
    const { made, alerts } = sink({ silentS: 0.05 });
    made.acquiring("by hand", false);
    made.write(verdict({ run: "by hand", decision: "retry" }));
    made.acquiring("over", true);
    made.write(verdict({ run: "over" }));
    made.acquiring("over", false);
    made.acquiring("stuck", true);

    await until(() => alerts.length > 0);

    expect(alerts).toMatchObject([{ session: "stuck", state: "raised" }]);
  });

  test("of frames that stop do not come at once where the time to wait is longer than a timer can be", async () => {
    const { made, alerts } = sink({ silentS: 9_999_999 });

    made.acquiring("slow", true);
    await passed(systemClock, 50);

    expect(alerts).toEqual([]);
  });

  test("of the last hour do not end because the clock is set right during the run", async () => {
    const clock = new (class extends ManualClock {
      offMs = 0;
      override wallMs = () => this.now() + this.offMs;
    })();
    const { made, alerts } = sink({ row: { share: 1 }, plate: { share: 1 } }, clock);
    fail(made);

    clock.offMs = 24 * 3_600_000;
    for (let i = 0; i < 6; i++) made.write(verdict({ site: `B${i + 1}-Site_0` }));

    expect(alerts).toMatchObject([{ alert: "hour-failures", state: "raised" }]);
  });

  test("wait longer where an acquisition has made a longer pause", async () => {
    const clock = new ManualClock();
    const { made, alerts } = sink({ silentS: 600 }, clock);
    made.acquiring("time-lapse", true);
    made.write(verdict({ run: "time-lapse" }));
    clock.advance(1800_000);
    made.write(verdict({ run: "time-lapse" }));
    const told = alerts.splice(0);

    clock.advance(2600_000);
    expect(alerts).toEqual([]);
    clock.advance(200_000);

    expect(told.map(({ state }) => state)).toEqual(["raised", "cleared"]);
    expect(alerts).toMatchObject([{ state: "raised", message: expect.stringContaining("2700 s") }]);
  });

  test("tell that frames have stopped where more were announced", async () => {
    const { made, alerts } = sink({ silentS: 0.05 });
    const record = verdict({ run: "planned" });
    made.write({ ...record, frame: { ...record.frame!, next: { site: { name: "A2" }, zUm: 0 } } });
    made.write(outcome("planned"));

    await until(() => alerts.length === 1);
    made.ended("planned");

    expect(alerts).toMatchObject([
      { session: "planned", state: "raised" },
      { session: "planned", state: "cleared", message: "The acquisition is over" },
    ]);
  });

  test("of an agent are in its records; a controller's goodbye ends the watch", async () => {
    const { controller, results } = await serve({}, { alerts: { silentS: 1 } });
    await controller.ask(5, { session: "gone", id: "gone/0" });
    await controller.send({ v: 1, type: "bye", session: "gone" });
    await controller.ask(0, { session: "finished", id: "finished/0" });
    await controller.ask(5, { session: "stuck", id: "stuck/0" });
    await controller.ask(0, { session: "between sites", id: "between/0" });
    const beat = { v: 1, type: "heartbeat", timestampMs: 0, session: "between sites" } as const;
    await controller.send({ ...beat, acquiring: true });

    const alerts = await until(async () => {
      const found = (await results()).filter(({ type }) => type === "alert");
      return found.length > 1 && found;
    });

    expect(alerts).toMatchObject([
      { session: "stuck", alert: "no-frames", state: "raised" },
      { session: "between sites", alert: "no-frames", state: "raised" },
    ]);
  });
});
