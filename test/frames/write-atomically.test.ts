import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeAtomically } from "../../src/frames/write-atomically.js";
import { temporaryFolder } from "../helpers/models.js";

describe.skipIf(process.platform === "win32")("writeAtomically", () => {
  it("writes into a pipe and leaves it in its place", async () => {
    const folder = await temporaryFolder();
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const reader = spawn("cat", [pipe], { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    reader.stdout.on("data", (data: Buffer) => {
      text += data.toString();
    });
    // As with a shell's own pipes, what was written is all there once the reader has ended.
    const ended = once(reader, "close");
    await writeAtomically(pipe, ["one\n", "two\n"]);
    expect((await lstat(pipe)).isFIFO()).toBe(true);
    await ended;
    expect(text).toBe("one\ntwo\n");
    expect(await readdir(folder)).toEqual(["pipe"]);
  });
});
