import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { OutputError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { isStreamPath } from "../frames/stream-path.js";
import { GrowingTable, type GrowingTableOptions } from "../scores/growing-table.js";
import { header } from "../scores/score-rows.js";
import { rowFormat } from "../scores/table-format.js";

/** Where rows go: a table that can be gone on with, or a stream. */
export type Rows = Pick<GrowingTable, "done" | "isDone" | "append" | "fileDone" | "finish">;

/** @throws OutputError naming the place and why it cannot be written. */
export async function openRows({
  path,
  ...options
}: Omit<GrowingTableOptions, "path"> & { readonly path: string | undefined }): Promise<Rows> {
  const { format, columns } = options;
  if (path === undefined) return StreamedRows.begin(process.stdout, header(rowFormat(format), columns));
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory()) throw new OutputError(path, "cannot be written: this is a folder, not a file");
  // A pipe or a device keeps nothing to go on with.
  if (stats === undefined || (stats.isFile() && !(await isStreamPath(path)))) {
    return GrowingTable.open({ path, ...options });
  }
  if (format === "parquet") {
    throw new OutputError(path, "cannot be written: Parquet needs a file, and this is a pipe or a device");
  }
  return StreamedRows.begin(
    createWriteStream(path, { flags: "a" }),
    header(rowFormat(format), columns),
    path,
  );
}

class StreamedRows implements Rows {
  readonly #stream: Writable;
  readonly #path: string;
  #done = { files: 0, pages: 0, notScored: 0 };

  private constructor(stream: Writable, path: string) {
    this.#stream = stream;
    this.#path = path;
  }

  static async begin(stream: Writable, text: string, path = "standard output"): Promise<StreamedRows> {
    const rows = new StreamedRows(stream, path);
    await rows.append(text);
    return rows;
  }

  get done(): Rows["done"] {
    return this.#done;
  }

  isDone(): boolean {
    return false;
  }

  /** Resolves when the stream can take more. */
  append(text: string): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#stream.write(text, (cause) => {
        if (cause) reject(new OutputError(this.#path, `cannot be written: ${fileReason(cause)}`, { cause }));
        else resolve();
      }),
    );
  }

  async fileDone(_path: string, pages: number, notScored: number): Promise<void> {
    const { files, ...before } = this.#done;
    this.#done = {
      files: files + 1,
      pages: before.pages + pages,
      notScored: before.notScored + notScored,
    };
  }

  async finish(): Promise<void> {
    if (this.#stream === process.stdout) return;
    this.#stream.end();
    await finished(this.#stream);
  }
}
