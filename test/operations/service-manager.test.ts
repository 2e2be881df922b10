import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ServiceManager } from "../../src/operations/service-manager.js";
import { systemClock } from "../../src/protocol/clock.js";
import { recordingLog, temporaryFolder, until } from "../agent/helpers.js";
import { startCommand } from "../helpers/command.js";

const has = (command: string) => spawnSync("which", [command]).status === 0;
const missing = ["systemd-notify", "python3"].filter((command) => !has(command));
if (missing.length > 0 && process.env.CI === "true") throw new Error(`not installed: ${missing.join(", ")}`);

const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(4096).decode().replace("\\n", " "), flush=True)
`;

/** A service manager's socket, as systemd has one. */
async function notifySocket(): Promise<{ path: string; heard: string[] }> {
  const path = join(await temporaryFolder(), "notify");
  const listener: ChildProcess = spawn("python3", ["-c", LISTENER, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void listener.kill());
  const heard: string[] = [];
  listener.stdout!.on("data", (data: Buffer) => heard.push(...data.toString().trim().split("\n")));
  await until(() => heard.includes("bound"));
  return { path, heard };
}

describe.skipIf(missing.length > 0)("the service manager", () => {
  test("is told that the agent is ready, alive and stopping", async () => {
    const { path, heard } = await notifySocket();
    let isHealthy = true;
    const manager = new ServiceManager({
      environment: { ...process.env, NOTIFY_SOCKET: path, WATCHDOG_USEC: "60000" },
      log: recordingLog().log,
      clock: systemClock,
      isHealthy: () => isHealthy,
    });

    manager.ready("Taking frames");
    await until(() => heard.filter((text) => text.includes("WATCHDOG=1")).length >= 2);
    isHealthy = false;
    manager.stopping();

    await until(() => heard.some((text) => text.includes("STOPPING=1")));
    expect(heard.some((text) => text.includes("READY=1") && text.includes("STATUS=Taking frames"))).toBe(
      true,
    );
  });

  test("is told by a process that stays until it has read what was told", async () => {
    const { path, heard } = await notifySocket();
    const manager = new ServiceManager({
      environment: { ...process.env, NOTIFY_SOCKET: path },
      ...{ log: recordingLog().log, clock: systemClock, isHealthy: () => true },
    });

    manager.ready("Taking frames");

    await until(() => heard.some((text) => text.includes("BARRIER=1")));
    expect(heard.findIndex((text) => text.includes("READY=1"))).toBeLessThan(heard.indexOf("BARRIER=1"));
  });

  test("is left alone where there is none, and a failure is told once", async () => {
    const { log, lines } = recordingLog();
    const parts = { log, clock: systemClock, isHealthy: () => true };

    new ServiceManager({ ...parts, environment: {} }).ready("x");
    expect(lines).toEqual([]);
    const manager = new ServiceManager({
      ...parts,
      environment: { NOTIFY_SOCKET: "/nowhere", PATH: "/nowhere" },
    });
    manager.ready("x");
    manager.stopping();

    await until(() => lines.length > 0);
    expect(lines).toMatchObject([{ msg: expect.stringContaining("systemd-notify failed") }]);
  });

  test("is told by the real agent", async () => {
    const { path, heard } = await notifySocket();
    process.env.NOTIFY_SOCKET = path;
    const addresses = ["--address", "tcp://127.0.0.1:*", "--publish", "tcp://127.0.0.1:*"];
    const { child, finished } = startCommand([
      ...["agent", ...addresses, "--device", "cpu", "--results", await temporaryFolder()],
    ]);
    delete process.env.NOTIFY_SOCKET;

    await until(() => heard.some((text) => text.includes("READY=1")), 20_000);
    child.kill("SIGTERM");
    await finished;

    await until(() => heard.some((text) => text.includes("STOPPING=1")));
  });

  test.skipIf(!has("systemd-analyze"))(
    "finds no fault with the unit but the places of an installation",
    () => {
      const { stderr } = spawnSync("systemd-analyze", ["verify", "config/systemd/parfocal.service"], {
        encoding: "utf8",
      });

      const ours = stderr
        .split("\n")
        .filter(
          (line) =>
            line.includes("parfocal.service") && !/not executable|Unknown user|No such file/.test(line),
        );
      expect(ours).toEqual([]);
    },
  );
});
