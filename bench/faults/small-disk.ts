import { execFileSync } from "node:child_process";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Room for the results of a campaign, MiB. */
const SIZE_MIB = 384;

/** A disk of its own that can be filled; needs the right to mount. */
export class SmallDisk {
  readonly path: string;
  readonly #filler: string;
  /** Whether it is one, and not just a folder. */
  isOwn: boolean = false;

  constructor(path: string) {
    this.path = path;
    this.#filler = join(path, "filler");
  }

  async mount(): Promise<void> {
    await mkdir(this.path, { recursive: true });
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE_MIB}m`, "tmpfs", this.path], {
        stdio: "ignore",
      });
      this.isOwn = true;
    } catch {
      // The kinds of fault that need it are left out.
    }
  }

  async fill(): Promise<void> {
    const { bavail, bsize } = await statfs(this.path);
    await writeFile(this.#filler, Buffer.alloc(bavail * bsize)).catch(() => undefined);
  }

  async empty(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  unmount(): void {
    if (this.isOwn) execFileSync("umount", [this.path]);
  }
}
