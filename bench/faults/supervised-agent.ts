import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const MODEL = fileURLToPath(new URL("../../models/default", import.meta.url));
/** Debian's place of the library that fakes the time. */
const FAKETIME = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/faketime/libfaketimeMT.so.1`;
/** Who the agent runs as where the campaign may choose: for root nothing is read-only. */
const NOBODY = 65_534;

/** The built agent under its supervisor, with a model and a clock of its own. */
export class SupervisedAgent {
  readonly results: string;
  readonly model: string;
  readonly #clockFile: string;
  readonly #isRoot = process.getuid?.() === 0;
  #child: ChildProcess | undefined;
  #pid = 0;
  #address = "";

  /** @param folder for its model. @param disk where its results go. */
  constructor(folder: string, disk: string) {
    this.results = join(disk, "results");
    this.model = join(folder, "model");
    this.#clockFile = join(folder, "clock");
  }

  /** Of the agent that runs now. */
  get pid(): number {
    return this.#pid;
  }

  get address(): string {
    return this.#address;
  }

  get shiftClock(): ((seconds: number) => Promise<void>) | undefined {
    if (!existsSync(FAKETIME)) return undefined;
    return (seconds) => writeFile(this.#clockFile, `${seconds < 0 ? "" : "+"}${seconds}\n`);
  }

  /** Resolves once it takes frames. */
  async start(): Promise<void> {
    await cp(MODEL, this.model, { recursive: true });
    await mkdir(this.results, { recursive: true });
    if (this.#isRoot) await chown(this.results, NOBODY, NOBODY);
    await this.shiftClock?.(0);
    const free = "tcp://127.0.0.1:*";
    const places = ["--address", free, "--publish", free, "--dashboard-port", "0", "--results", this.results];
    const how = ["--supervise", "--device", "cpu", "--log-level", "silent", "--model", this.model];
    const child = spawn(process.execPath, [MAIN, "agent", ...places, ...how], {
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, ...this.#clockEnvironment() },
      ...(this.#isRoot && { uid: NOBODY, gid: NOBODY }),
    });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once("close", (code) => reject(new Error(`the agent ended with ${code}`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        const ready = JSON.parse(line) as { pid: number; addresses: { zeromq: string } };
        this.#pid = ready.pid;
        this.#address = ready.addresses.zeromq;
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    const child = this.#child!;
    const closed = new Promise((resolve) => void child.once("close", resolve));
    child.kill("SIGTERM");
    await closed;
  }

  #clockEnvironment(): Record<string, string> {
    if (this.shiftClock === undefined) return {};
    return {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: this.#clockFile,
      FAKETIME_CACHE_DURATION: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }
}
