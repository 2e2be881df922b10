import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ResultsError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { makeFolder } from "../frames/make-folder.js";
import { writeAtomically } from "../frames/write-atomically.js";

type Json = Readonly<Record<string, unknown>>;
const Json = z.record(z.string(), z.unknown());

/** The groups of a Zarr hierarchy on disk, version 2 or 3, and their attributes; pixels are not touched. */
export class ZarrGroups {
  readonly root: string;
  readonly version: 2 | 3;

  private constructor(root: string, version: 2 | 3) {
    this.root = root;
    this.version = version;
  }

  /** @throws ResultsError where there is no Zarr group. */
  static async open(root: string): Promise<ZarrGroups> {
    for (const [file, version] of [
      ["zarr.json", 3],
      [".zgroup", 2],
    ] as const) {
      const isThere = await stat(join(root, file)).then(
        () => true,
        () => false,
      );
      if (isThere) return new ZarrGroups(root, version);
    }
    throw new ResultsError(root, "is no OME-Zarr: it has neither zarr.json nor .zgroup");
  }

  /** Attributes of a group; empty where it has none. @param path from the root, with slashes; empty for the root. */
  async attributes(path: string): Promise<Json> {
    const json = await this.#read(this.version === 3 ? `${path}/zarr.json` : `${path}/.zattrs`);
    if (json === undefined) return {};
    return this.version === 3 ? Json.catch({}).parse(json.attributes) : json;
  }

  /** Adds attributes to a group, which is made if it is missing; those of the same name are replaced. */
  async add(path: string, added: Json): Promise<void> {
    const attributes = { ...(await this.attributes(path)), ...added };
    await makeFolder(join(this.root, path));
    if (this.version === 3) {
      const group = (await this.#read(`${path}/zarr.json`)) ?? { zarr_format: 3, node_type: "group" };
      await this.#write(`${path}/zarr.json`, { ...group, attributes });
    } else {
      if ((await this.#read(`${path}/.zgroup`)) === undefined)
        await this.#write(`${path}/.zgroup`, { zarr_format: 2 });
      await this.#write(`${path}/.zattrs`, attributes);
    }
    await this.#consolidate(path, attributes);
  }

  /** Readers that find the metadata of all groups gathered at the root look nowhere else. */
  async #consolidate(path: string, attributes: Json): Promise<void> {
    const file = this.version === 3 ? "zarr.json" : ".zmetadata";
    const json = await this.#read(file);
    const gathered = this.version === 3 ? Json.safeParse(json?.consolidated_metadata).data : json;
    const metadata = Json.safeParse(gathered?.metadata).data;
    if (json === undefined || gathered === undefined || metadata === undefined || path === "") {
      if (this.version === 2 && metadata !== undefined) {
        await this.#write(file, { ...json, metadata: { ...metadata, ".zattrs": attributes } });
      }
      return;
    }
    const own =
      this.version === 3
        ? {
            [path]: {
              ...(Json.safeParse(metadata[path]).data ?? { zarr_format: 3, node_type: "group" }),
              attributes,
            },
          }
        : { [`${path}/.zgroup`]: { zarr_format: 2 }, [`${path}/.zattrs`]: attributes };
    const all = { ...gathered, metadata: { ...metadata, ...own } };
    await this.#write(file, this.version === 3 ? { ...json, consolidated_metadata: all } : all);
  }

  async #read(path: string): Promise<Json | undefined> {
    const file = join(this.root, path);
    let text: string;
    try {
      text = await readFile(file, "utf8");
    } catch {
      return undefined;
    }
    try {
      return Json.parse(JSON.parse(text));
    } catch (cause) {
      throw new ResultsError(file, `cannot be read: ${fileReason(cause)}`, { cause });
    }
  }

  async #write(path: string, json: Json): Promise<void> {
    await writeAtomically(join(this.root, path), Buffer.from(`${JSON.stringify(json, null, 2)}\n`));
  }
}
