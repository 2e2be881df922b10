import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** One method; distances are the harness's real z, um. */
export interface MethodRow {
  readonly method: string;
  readonly displaced: number;
  readonly recovered: number;
  readonly endedBlurrier: number;
  readonly medianExtraExposures: number;
  readonly p90FinalAbsZUm: number;
  readonly hung: number;
  readonly unscored: number;
}

/** One method at one blur rate. */
export interface BlurRow extends MethodRow {
  /** Sigma of the blur, px for each um of defocus. */
  readonly blurRate: number;
  readonly umPerLevel: number;
  readonly sites: number;
}

/** The JSON lines that a script of this folder prints, by the interpreter of the Python bridge's environment. */
export async function* runScript<T>(
  python: string,
  script: string,
  args: readonly string[] = [],
): AsyncGenerator<T> {
  const child = spawn(join(process.cwd(), python), [script, ...args], {
    cwd: "bench/refocus",
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const text of createInterface({ input: child.stdout })) {
    if (text.startsWith("{")) yield JSON.parse(text) as T;
  }
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once("exit", resolve)));
  if (code !== 0) throw new Error(`${script} ended with code ${code}`);
}
