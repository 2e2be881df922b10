import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** An empty virtual environment of Python. It borrows the machine's pip, since to install and compile one takes longer than most packages. */
export class VirtualEnvironment {
  readonly bin: string;
  readonly python: string;

  private constructor(folder: string) {
    this.bin = join(folder, "bin");
    this.python = join(this.bin, "python");
  }

  static async create(folder: string): Promise<VirtualEnvironment> {
    await execute("python3", ["-m", "venv", "--without-pip", folder]);
    return new VirtualEnvironment(folder);
  }

  /** Installs with the machine's own settings for pip; what is imported is compiled then. */
  async install(...packages: readonly string[]): Promise<void> {
    const pip = ["-m", "pip", "--python", this.python, "install", "--quiet", "--no-compile"];
    await execute("python3", [...pip, ...packages]);
  }
}
