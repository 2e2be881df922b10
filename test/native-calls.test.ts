import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "./agent/helpers.js";

const built = (path: string) => JSON.stringify(new URL(`../dist/${path}`, import.meta.url).href);
const TIMES = 8;

test("a process ends as it wants to while a thread of it is busy with its database", async () => {
  const folder = await temporaryFolder();
  const base = JSON.stringify(pathToFileURL(join(folder, "main.mjs")).href);
  await writeFile(
    join(folder, "busy.mjs"),
    `import { openSqlite } from ${built("store/sqlite.js")};
     const database = openSqlite(":memory:");
     for (;;) database.prepare("SELECT 1 AS one").get([]);`,
  );
  await writeFile(
    join(folder, "main.mjs"),
    `import { WorkerThread } from ${built("worker-thread.js")};
     void new WorkerThread("busy.mjs", ${base}).call("anything");
     setTimeout(() => process.exit(7), 300);`,
  );

  for (let i = 0; i < TIMES; i++) {
    const child = spawn(process.execPath, [join(folder, "main.mjs")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (data: Buffer) => {
      errors += data.toString();
    });
    expect([...(await once(child, "close")), errors]).toEqual([7, null, ""]);
  }
});
