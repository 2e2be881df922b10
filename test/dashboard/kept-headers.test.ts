import { expect, test } from "vitest";
import { KeptHeaders } from "../../src/dashboard/kept-headers.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { verdict } from "../store/records.js";

const header = (id: string, fields: Partial<FrameMessage> = {}): FrameMessage => ({
  ...verdict().frame!,
  id,
  ...fields,
});

test("headers of the last frames are kept, so many bytes of them", () => {
  const headers = new KeptHeaders(2 ** 20);
  const channel = "x".repeat(500);
  const { length } = JSON.stringify(header("00000", { channel }));
  for (let i = 0; i < 4000; i++) headers.add(header(String(i).padStart(5, "0"), { channel }));

  const first = 4000 - Math.floor(2 ** 20 / length);
  const { session } = header("");
  expect(headers.get(session, String(first - 1).padStart(5, "0"))).toBeUndefined();
  expect(headers.get(session, String(first).padStart(5, "0"))).toBeDefined();
  expect(headers.get(session, "03999")).toEqual(header("03999", { channel }));
});

test("a header is that of its run, and keeps the name of its file and nothing else that the controller adds", () => {
  const headers = new KeptHeaders(2 ** 20);
  headers.add(header("f1", { session: "run-1", meta: { file: "a.tif", notes: "x".repeat(1000) } }));
  headers.add(header("f1", { session: "run-2", meta: { notes: "x".repeat(1000) } }));

  expect(headers.get("run-1", "f1")?.meta).toEqual({ file: "a.tif" });
  expect(headers.get("run-2", "f1")).not.toHaveProperty("meta");
  expect(headers.get("run-3", "f1")).toBeUndefined();
});
