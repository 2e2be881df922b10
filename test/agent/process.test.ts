import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { freePorts } from "../helpers/agent-process.js";
import { jsonLines, TestController, temporaryFolder, until } from "./helpers.js";

/** The built program: these tests run what users run. */
const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  /** Exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

async function run(...args: string[]): Promise<Running> {
  if (!existsSync(main)) throw new Error(`${main} is missing; run npm run build first`);
  const env = {
    ...process.env,
    PARFOCAL_SOURCES__ZEROMQ__ADDRESS: "tcp://127.0.0.1:0",
    PARFOCAL_PUBLISH__ADDRESS: "tcp://127.0.0.1:0",
    PARFOCAL_RESULTS__FOLDER: await temporaryFolder(),
    PARFOCAL_SCORER__DEVICE: "cpu",
  };
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"], env });
  onTestFinished(() => void child.kill("SIGKILL"));
  let output = "";
  let errors = "";
  child.stdout.on("data", (data: Buffer) => {
    output += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  const ended = new Promise<number | string | null>((resolve) => {
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  return { child, output: () => output, errors: () => errors, ended };
}

interface Ready {
  readonly type: string;
  readonly addresses: { readonly zeromq: string; readonly publish: string };
  readonly results: string;
  readonly sites: string;
}

/** Starts an agent and waits for its ready line. */
async function startAgent(...args: string[]): Promise<Running & { ready: Ready }> {
  const running = await run("agent", ...args);
  const line = await Promise.race([
    until(() => running.output().includes("\n") && running.output()),
    running.ended.then((code) => Promise.reject(new Error(`ended with ${code}: ${running.errors()}`))),
  ]);
  return { ...running, ready: JSON.parse(line) as Ready };
}

const picture = () => Uint8Array.from({ length: 256 * 256 }, (_, i) => (i * 7919) % 251);

describe("the agent as a process", () => {
  test("refuses frames over its limit by name, tells it in the log once, and answers those within it", async () => {
    const { ready, errors } = await startAgent("--set", "sources.zeromq.maxFrameMib=1");
    const controller = new TestController(ready.addresses.zeromq);

    for (let i = 0; i < 3; i++) {
      const { id } = await controller.sendFrame({ shape: [1100, 1100] }, new Uint8Array(1100 * 1100));
      const answer = await controller.answerTo(id);
      expect(answer).toMatchObject({ type: "error", code: "too-large", session: expect.any(String) });
      expect(answer).toMatchObject({
        message: expect.stringContaining("1.2 MiB, over the limit of 1 MiB: set sources.zeromq.maxFrameMib"),
      });
    }
    const { id } = await controller.sendFrame({ shape: [256, 256] }, picture());

    expect(await controller.answerTo(id)).toMatchObject({ type: "verdict" });
    expect(errors().split("maxFrameMib to more")).toHaveLength(2);
  });

  test("says where it listens, answers, and ends with 0 on SIGTERM", async () => {
    const { child, ready, output, errors, ended } = await startAgent();
    expect(ready).toMatchObject({ type: "ready", addresses: { zeromq: /^tcp:/, publish: /^tcp:/ } });
    const controller = new TestController(ready.addresses.zeromq);

    const { id } = await controller.sendFrame({ shape: [256, 256] }, picture());
    const answer = await controller.answerTo(id);
    child.kill("SIGTERM");

    expect(answer).toMatchObject({
      type: "verdict",
      model: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(await ended).toBe(0);
    expect(await jsonLines(ready.results)).toContainEqual(expect.objectContaining({ type: "verdict", id }));
    expect(await readFile(ready.sites, "utf8")).toContain("session");
    expect(output().trim().split("\n")).toHaveLength(1);
    expect(errors()).toContain('"msg":"Stopped"');
  });

  test("ends with 1 on SIGTERM where results are still refused, and says how many are lost", async () => {
    const { child, ready, errors, ended } = await startAgent();
    const controller = new TestController(ready.addresses.zeromq);
    await rm(ready.results);
    await mkdir(ready.results);
    const { id } = await controller.sendFrame({ shape: [256, 256] }, picture());
    expect(await controller.answerTo(id)).toMatchObject({ type: "verdict" });
    child.kill("SIGTERM");

    expect(await ended).toBe(1);
    expect(errors()).toMatch(/"lines":[1-9]\d*,"msg":"Results could not be written"/);
    expect(errors()).toContain('"msg":"Stopped"');
  });

  test("ends as orderly when its terminal closes", async () => {
    // The tests themselves may run under nohup.
    vi.stubEnv("_", "");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { child, errors, ended } = await startAgent();
    child.kill("SIGHUP");

    expect(await ended).toBe(0);
    expect(errors()).toContain('"msg":"Stopped"');
  });

  test.skipIf(process.platform !== "linux")("goes on under nohup when its terminal closes", async () => {
    // As nohup has it: the terminal's place is taken by what cannot be read.
    const input = await open("/dev/null", "w");
    onTestFinished(() => input.close());
    const { child, errors, ended } = await startAgent("--log-level", "info");
    const under = spawn(
      process.execPath,
      [main, "agent", ...freePorts(), "--device", "cpu", "--results", await temporaryFolder()],
      {
        stdio: [input.fd, "pipe", "ignore"],
      },
    );
    onTestFinished(() => void under.kill("SIGKILL"));
    await once(under.stdout!, "data");
    under.kill("SIGHUP");
    child.kill("SIGHUP");
    expect(await ended).toBe(0);
    expect(errors()).toContain('"msg":"Stopped"');

    expect(under.exitCode).toBeNull();
    under.kill("SIGTERM");
    expect((await once(under, "close"))[0]).toBe(0);
  });

  test.skipIf(process.platform !== "linux")(
    "goes on under nohup though its input is no terminal",
    async () => {
      const agent = [main, "agent", ...freePorts(), "--device", "cpu", "--results", await temporaryFolder()];
      const shell = spawn(
        "bash",
        ["-c", 'nohup "$@" < /dev/null; exit $?', "bash", process.execPath, ...agent],
        {
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      let errors = "";
      shell.stderr.on("data", (data: Buffer) => {
        errors += data.toString();
      });
      const ended = once(shell, "close") as Promise<[number]>;
      const [line] = (await once(shell.stdout, "data")) as [Buffer];
      const { pid } = JSON.parse(line.toString()) as { pid: number };
      onTestFinished(() => void shell.kill("SIGKILL"));

      process.kill(pid, "SIGHUP");
      await setTimeout(500);

      expect(errors).not.toContain("Stopping");
      process.kill(pid, "SIGTERM");
      expect((await ended)[0]).toBe(0);
    },
  );

  test("gives up what waits on a second signal and ends with 143", async () => {
    const waits = ["--set", "queue.size=1000", "--set", "queue.observePerController=1000"];
    const { child, ready, ended } = await startAgent(...waits);
    const controller = new TestController(ready.addresses.zeromq);
    const pixels = new Uint8Array(1500 * 1500).map((_, i) => (i * 31) % 200);
    for (let i = 0; i < 150; i++)
      await controller.sendFrame({ mode: "observe", shape: [1500, 1500] }, pixels);
    await controller.answerTo("session/0");

    child.kill("SIGTERM");
    await controller.first("bye");
    child.kill("SIGTERM");

    expect(await ended).toBe(143);
  });

  test("goes on after kill -9: the torn line is repaired, sites are kept, controllers come back", async () => {
    const folder = await temporaryFolder();
    const first = await startAgent("--results", folder);
    const address = first.ready.addresses.zeromq;
    const controller = new TestController(address, "session", { reconnectInterval: 20 });
    const site = { name: "A1-Site_0" };
    const before = await controller.sendFrame({ site, shape: [256, 256] }, picture());
    await controller.answerTo(before.id);
    await until(async () => (await jsonLines(first.ready.results)).length > 0);
    first.child.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");
    await appendFile(first.ready.results, '{"v":1,"type":"verd');

    const second = await startAgent("--results", folder, "--address", address);
    const other = { name: "A2-Site_0" };
    const after = await controller.sendFrame({ site: other, shape: [256, 256] }, picture());
    expect(await controller.answerTo(after.id)).toMatchObject({ type: "verdict" });
    second.child.kill("SIGTERM");
    await second.ended;

    expect(second.errors()).toContain("The last line was cut off by a crash");
    const ids = (await jsonLines(second.ready.results)).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([before.id, after.id]));
    const sites = await readFile(second.ready.sites, "utf8");
    expect(sites).toContain("A1-Site_0");
    expect(sites).toContain("A2-Site_0");
  });

  test("scores the files of a folder", async () => {
    const images = fileURLToPath(new URL("../fixtures/frames", import.meta.url));
    const fast = ["--set", "sources.folder.stableMs=50", "--set", "sources.folder.pattern=grey16_*.tif"];
    const { ready } = await startAgent("--folder", images, ...fast);

    const lines = await until(async () => {
      const all = await jsonLines(ready.results);
      return all.length >= 2 && all;
    });

    expect(lines.every(({ source }) => source === "folder")).toBe(true);
  });
});

describe("an agent that cannot start", () => {
  test.each([
    {
      what: "an unknown key",
      args: ["--set", "policy.retrys=1"],
      code: 2,
      says: "policy.retrys: unknown key",
    },
    { what: "a missing file", args: ["--config", "/nowhere.yaml"], code: 2, says: "cannot be read" },
    { what: "an open address", args: ["--address", "tcp://*:5610"], code: 2, says: "needs CURVE keys" },
    { what: "a flag it does not know", args: ["--retrys", "1"], code: 2, says: "retrys" },
    {
      what: "a folder that cannot be written",
      args: ["--results", "/dev/null/x"],
      code: 1,
      says: "cannot be written",
    },
    { what: "a missing model", args: ["--model", "/nowhere"], code: 1, says: "/nowhere" },
    { what: "a missing image folder", args: ["--folder", "/nowhere"], code: 1, says: "is not a folder" },
  ])("because of $what ends with $code and says so without a stack trace", async ({ args, code, says }) => {
    const { errors, ended } = await run("agent", ...args);

    expect(await ended).toBe(code);
    expect(errors()).toContain(says);
    expect(errors()).not.toMatch(/^\s+at .*\.js/m);
  });

  test.skipIf(process.platform === "win32").each([40, 52, 80, 96])(
    "because %d files may be open ends with 1 and says so without a stack trace",
    async (files) => {
      const program = ["-c", `ulimit -n ${files}; exec "$@"`, "sh", process.execPath, main];
      const agent = spawn("sh", [
        ...program,
        "agent",
        "--results",
        await temporaryFolder(),
        "--device",
        "cpu",
      ]);
      let errors = "";
      agent.stderr.on("data", (data: Buffer) => {
        errors += data.toString();
      });

      expect((await once(agent, "close"))[0]).toBe(1);
      expect(errors).toContain("too many");
      expect(errors).not.toContain("This is a bug");
      expect(errors).not.toMatch(/^\s+at .*\.js/m);
    },
  );

  test("because its port is in use ends with 1 and names it", async () => {
    const { ready } = await startAgent();
    const address = ready.addresses.zeromq;

    const { errors, ended } = await run("agent", "--address", address);

    expect(await ended).toBe(1);
    expect(errors()).toContain(`${address}: already in use`);
  });
});

describe("parfocal config", () => {
  test("init writes a file that check finds ok, and does not overwrite one", async () => {
    const file = join(await temporaryFolder(), "parfocal.yaml");

    expect(await (await run("config", "init", file)).ended).toBe(0);
    const check = await run("config", "check", file);
    expect(await check.ended).toBe(0);
    expect(check.output()).toBe("ok\n");
    const again = await run("config", "init", file);
    expect(await again.ended).toBe(1);
    expect(again.errors()).toContain("is there already");
  });

  test("check prints every problem and ends with 2", async () => {
    const file = join(await temporaryFolder(), "bad.yaml");
    await writeFile(file, "queue:\n  size: 0\nlogs: {}\n");

    const { errors, ended } = await run("config", "check", file);

    expect(await ended).toBe(2);
    expect(errors()).toMatch(/queue\.size: .*line 2\)/);
    expect(errors()).toMatch(/logs: unknown key .*line 3\)/);
  });
});
