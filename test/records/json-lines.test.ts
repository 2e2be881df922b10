import { appendFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { framesOnRecord, readRecords, recordText } from "../../src/records/record-line.js";
import { readJournal } from "../../src/store/journal.js";
import { temporaryFolder } from "../agent/helpers.js";
import { frame } from "../refocus/helpers.js";
import { verdict } from "../sinks/helpers.js";

const line = (id: string, name: string) =>
  `${recordText(verdict({ id, frame: frame({ id, site: { name } }) }))}\n`;

/** What those who read results.jsonl find in it: names of sites, and how many lines could not be read. */
async function foundIn(path: string) {
  const [names, onRecord, stored]: [string[], string[], number[]] = [[], [], []];
  let unread = 0;
  for await (const record of readRecords(path)) {
    if (record?.type === "verdict") names.push(record.frame!.site.name);
    else unread++;
  }
  for await (const { site } of framesOnRecord(path, "s")) onRecord.push(site.name);
  for await (const { batch } of readJournal(path, 0, 100)) stored.push(batch.length);
  return { names, onRecord, unread, stored: stored.reduce((sum, count) => sum + count, 0) };
}

test("a record with any separator of Unicode in it is one line", async () => {
  const path = join(await temporaryFolder(), "results.jsonl");
  const names = ["a\u2028b", "c\u2029d", "e\u0085f"];
  await writeFile(path, names.map((name, i) => line(`${i}`, name)).join(""));

  expect(await foundIn(path)).toEqual({ names, onRecord: names, unread: 0, stored: 3 });
});

test("a hole of any length in the results hides no line but its own", async () => {
  const path = join(await temporaryFolder(), "results.jsonl");
  await writeFile(path, line("0", "before"));
  // More than fits in a string.
  await truncate(path, 2 ** 29 + 2 ** 27);
  await appendFile(path, `\n${line("1", "after")}`);

  const names = ["before", "after"];
  expect(await foundIn(path)).toEqual({ names, onRecord: names, unread: 1, stored: 2 });
});

test("a last line without line break is read, and not taken into the store before it is whole", async () => {
  const path = join(await temporaryFolder(), "results.jsonl");
  await writeFile(path, `${line("0", "first")}\r\n\n${line("1", "last").trimEnd()}`);

  const names = ["first", "last"];
  expect(await foundIn(path)).toEqual({ names, onRecord: names, unread: 0, stored: 1 });
});
