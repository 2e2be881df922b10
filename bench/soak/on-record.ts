import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** How often each frame of a results.jsonl is there, and how many came from a folder; without holding more than a byte a frame. */
export async function framesOnRecord(path: string, sent: ReadonlyMap<string, number>) {
  const counts = new Map([...sent].map(([session, frames]) => [session, new Uint8Array(frames)]));
  let fromFolder = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const { source, frame } = JSON.parse(line) as {
      source?: string;
      frame?: { session: string; sequence: number };
    };
    if (frame === undefined) continue;
    if (source === "folder") fromFolder++;
    const ofSession = counts.get(frame.session);
    if (ofSession !== undefined) ofSession[frame.sequence]!++;
  }
  const all = [...counts.values()].flatMap((ofSession) => [
    {
      missing: ofSession.filter((count) => count === 0).length,
      twice: ofSession.filter((count) => count > 1).length,
    },
  ]);
  const sum = (what: "missing" | "twice") => all.reduce((total, counted) => total + counted[what], 0);
  return { missing: sum("missing"), twice: sum("twice"), fromFolder };
}
