/**
 * From a page's write into a stack that is being acquired to its record: `npm run bench:live-stacks`, `-- --images N`, `--side PX`,
 * `--writer NAME`. The next image is only written when this one is on record, so that none is told complete by the one after it.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { buildJavaTestServer } from "../scripts/build-java-test-server.js";
import { describeMachine } from "../src/machine.js";
import { addMicroManagerPage, beginMicroManagerStack } from "../test/helpers/micro-manager-stack.js";
import { LOOK_MS, latencyText, PAUSE_MS, type WatchedFolder, watchedFolder } from "./watched-folder.js";

const PYTHON = "bridges/pycromanager/.venv/bin/python";
const HERE = join(import.meta.dirname, "live-stacks");

const { values } = parseArgs({
  options: {
    images: { type: "string", default: "20" },
    side: { type: "string", default: "1024" },
    writer: { type: "string" },
  },
});
const [images, side] = [Number(values.images), Number(values.side)];

interface Writer {
  /** Resolves once the image is written. */
  put(n: number): Promise<void>;
  end(): Promise<void>;
}

const WRITERS: Readonly<Record<string, (folder: string) => Promise<Writer | undefined>>> = {
  "NDTiff, Micro-Manager's (Java)": async (folder) => {
    const { jar } = buildJavaTestServer();
    if (jar === undefined) return undefined;
    const classes = [jar, join(jar, "../lib/*")].join(":");
    return writerProcess("java", ["-cp", classes, join(HERE, "NdTiff.java"), folder, String(side)]);
  },
  "NDTiff, ndstorage (Python)": pythonWriter("ndstorage"),
  "MMStack, as Micro-Manager lays it out": async (folder) => {
    const file = await open(join(folder, "run_MMStack_Pos0.ome.tif"), "w+");
    let at = await beginMicroManagerStack(file);
    return {
      put: async (n) => {
        const pixels = new Uint16Array(side * side).map((_, i) => 1000 + 50 * n + ((i * 7919) % 97));
        at = await addMicroManagerPage(file, at, { width: side, height: side, pixels });
      },
      end: () => file.close(),
    };
  },
  "OME-Zarr, ome-writers by tensorstore": pythonWriter("zarr"),
  "tifffile that appends": pythonWriter("tifffile"),
  "tifffile's memory map": pythonWriter("memmap"),
};

for (const [name, begin] of Object.entries(WRITERS)) {
  if (values.writer !== undefined && !name.includes(values.writer)) continue;
  await measure(name, begin);
}
console.log(`Machine: ${describeMachine()}`);

async function measure(name: string, begin: (folder: string) => Promise<Writer | undefined>): Promise<void> {
  const watched = await watchedFolder();
  const writer = await begin(watched.folder);
  try {
    if (writer === undefined) {
      console.log(`${name}: not here`);
      return;
    }
    const latenciesMs: number[] = [];
    for (let n = 1; n <= images + 1; n++) {
      await writer.put(n);
      const writtenMs = performance.now();
      while ((await recorded(watched)) < n) await setTimeout(LOOK_MS);
      // The first one starts the thread that reads.
      if (n > 1) latenciesMs.push(performance.now() - writtenMs);
      await setTimeout(PAUSE_MS);
    }
    await writer.end();
    await setTimeout(1000);
    const once = (await recorded(watched)) === images + 1 ? "each once" : "NOT each once";
    console.log(`${name}: ${once}; ${latencyText(latenciesMs)}`);
  } finally {
    await watched.stop();
  }
}

function pythonWriter(kind: string): (folder: string) => Promise<Writer | undefined> {
  return async (folder) =>
    existsSync(PYTHON)
      ? writerProcess(PYTHON, [join(HERE, "stacks.py"), kind, folder, String(side)])
      : undefined;
}

function writerProcess(command: string, args: readonly string[]): Writer {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  return {
    put: async () => {
      child.stdin.write("\n");
      await lines.next();
    },
    end: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

async function recorded(watched: WatchedFolder): Promise<number> {
  const lines = (await watched.records()).split("\n");
  return lines.filter((line) => line.includes('"frame"') && line.includes("#")).length;
}
