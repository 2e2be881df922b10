import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { PlacedFile } from "../../src/store/placed-file.js";
import { openSqlite } from "../../src/store/sqlite.js";
import { temporaryFolder } from "../agent/helpers.js";

test.skipIf(process.getuid?.() !== 0 && process.env.CI !== "true")(
  "a file that SQLite cannot write to its end, as the disk is full, is no other one",
  async () => {
    const disk = await temporaryFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", disk]);
    onTestFinished(() => void execFileSync("umount", ["-l", disk]));
    const path = join(disk, "runs.db");
    const sqlite = openSqlite(path);
    sqlite.exec("pragma journal_mode = wal; create table notes (text)");
    const file = await PlacedFile.of(path);
    expect(await file.look()).toBe("same");
    const { size } = statSync(path);

    // SQLite copies its log into the file once it is 4 MB long, for which there is no room.
    sqlite.exec("begin");
    for (let i = 0; i < 4000; i++) sqlite.exec(`insert into notes values ('${"x".repeat(1000)}')`);
    sqlite.exec("commit");

    expect(statSync(path).size).toBeGreaterThan(size);
    expect(await file.look()).toBe("same");
    await file.close(() => Promise.resolve(void sqlite.close()));
  },
);
