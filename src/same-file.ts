import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";

/** What tells a file from others, wherever it is moved. */
export type FileIdentity = Pick<Stats, "ino" | "dev">;

/** The file at a path, if it is the given one: another one may have taken its place, or none. */
export async function sameFileAt(path: string, { ino, dev }: FileIdentity): Promise<Stats | undefined> {
  const there = await stat(path).catch(() => undefined);
  return there?.ino === ino && there.dev === dev ? there : undefined;
}
