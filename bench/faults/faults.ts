import { execFileSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Dealer } from "zeromq";
import type { Random } from "../../src/optics/random.js";
import { pause } from "./steady-controller.js";

/** What a fault acts upon. */
export interface Target {
  /** Of the agent itself, not of its supervisor. */
  readonly pid: number;
  readonly address: string;
  readonly results: string;
  readonly random: Random;
}

export interface Fault {
  readonly name: string;
  /** Whether records that were written before may be gone: somebody has deleted them. */
  readonly deletesResults?: true;
  /** Resolves when it is over. */
  readonly happen: (target: Target) => Promise<void>;
}

const milliseconds = ({ random }: Target, least: number, most: number) => least + random.below(most - least);

export const FAULTS: readonly Fault[] = [
  { name: "agent killed (SIGKILL)", happen: async ({ pid }) => void process.kill(pid, "SIGKILL") },
  { name: "agent aborted (SIGABRT)", happen: async ({ pid }) => void process.kill(pid, "SIGABRT") },
  {
    name: "agent stopped for a while (SIGSTOP)",
    happen: async (target) => {
      process.kill(target.pid, "SIGSTOP");
      await pause(milliseconds(target, 200, 1500));
      process.kill(target.pid, "SIGCONT");
    },
  },
  { name: "controller leaves with large frames on the way", happen: leaveWithFrames },
  { name: "1000 malformed messages", happen: sendNonsense },
  {
    name: "results folder removed",
    deletesResults: true,
    happen: ({ results }) => rm(results, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 }),
  },
  {
    name: "database damaged",
    happen: ({ results }) => writeFile(join(results, "parfocal.db"), "this is no database"),
  },
  { name: "database locked by another program", happen: lockDatabase },
  {
    name: "no more files may be opened (EMFILE)",
    happen: async (target) => {
      limitFiles(target.pid, 8);
      await pause(milliseconds(target, 300, 1000));
      limitFiles(target.pid, 1024);
    },
  },
];

function limitFiles(pid: number, count: number): void {
  execFileSync("prlimit", ["--pid", String(pid), `--nofile=${count}:4096`]);
}

/** As many frames as fit into the sockets, from a controller that is gone before they are scored. */
async function leaveWithFrames({ address, random }: Target): Promise<void> {
  const socket = new Dealer({
    linger: 0,
    sendHighWaterMark: 100,
    heartbeatInterval: 20,
    heartbeatTimeout: 60_000,
  });
  socket.connect(address);
  const session = `leaver${random.below(2 ** 31)}`;
  const side = 2000;
  const pixels = new Uint8Array(side * side).map((_, i) => (i * 31) % 250);
  for (let sequence = 0; sequence < 12; sequence++) {
    const header = {
      ...{ v: 1, type: "frame", id: `${session}/${sequence}`, session, sequence, mode: "observe" },
      ...{ dtype: "uint8", shape: [side, side], site: { name: "S" }, attempt: 0 },
    };
    await socket.send([JSON.stringify(header), pixels]);
  }
  await pause(100);
  socket.close();
}

async function sendNonsense({ address, random }: Target): Promise<void> {
  const socket = new Dealer({ linger: 0, sendHighWaterMark: 2000 });
  socket.connect(address);
  for (let i = 0; i < 1000; i++) {
    const parts = Array.from({ length: 1 + random.below(3) }, () =>
      Buffer.from(`{"v":1,"type":"frame",${random.below(99)}`),
    );
    await socket.send(parts);
  }
  await pause(200);
  socket.close();
}

async function lockDatabase(target: Target): Promise<void> {
  const Database = createRequire(import.meta.url)("libsql") as new (
    path: string,
  ) => {
    exec(sql: string): void;
    close(): void;
  };
  const database = new Database(join(target.results, "parfocal.db"));
  try {
    database.exec("BEGIN EXCLUSIVE");
    await pause(milliseconds(target, 500, 2000));
  } catch {
    // Damaged by an earlier fault.
  }
  database.close();
}
