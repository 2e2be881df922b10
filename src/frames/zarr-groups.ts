/**
 * What the groups of an OME-Zarr (0.4 in Zarr 2, 0.5 in Zarr 3, and older ones) say about themselves.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { reasonOf } from "../errors.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import { openedForReading } from "./open-file.js";
import { parseZarrJson } from "./zarr-json.js";

/** Longest metadata of one group; those of a whole plate may stand together in its own. */
const MOST_BYTES = 64 * 2 ** 20;
/** Groups that are remembered: each field of a plate asks for the plate again. */
const GROUPS_KEPT = 8;

const GROUP_FILES = ["zarr.json", ".zattrs", ".zgroup"] as const;

/** A path below a group. Nothing that leads out of it. */
const Below = z
  .string()
  .transform((path) => path.replace(/^\/+|\/+$/g, ""))
  .refine((path) => path.split(/[\\/]/).every((part) => !["", ".", ".."].includes(part)), {
    message: "leads out of the store",
  });

const Index = z.int().nonnegative();
const Entries = z.array(z.object({ path: Below }));
const Name = z.union([z.string(), z.number().transform(String)]);

const Transformations = z
  .array(z.object({ type: z.string(), scale: z.unknown(), translation: z.unknown() }).partial())
  .catch([]);

const Axis = z.union([
  z.string().transform((name) => ({ name, unit: undefined })),
  z.object({ name: z.string(), unit: z.string().optional().catch(undefined) }),
]);

const Multiscale = z.object({
  axes: z.array(Axis).optional(),
  datasets: z.array(z.object({ path: Below, coordinateTransformations: Transformations })).min(1),
  coordinateTransformations: Transformations,
});
export type Multiscale = z.infer<typeof Multiscale>;

const Plate = z.object({
  name: Name.optional().catch(undefined),
  wells: z.array(z.object({ path: Below, rowIndex: Index.optional(), columnIndex: Index.optional() })),
});
export type Plate = z.infer<typeof Plate>;

const Channel = z.object({ label: Name.optional().catch(undefined) });

const OmeAttributes = z.object({
  multiscales: z.array(Multiscale).min(1).optional(),
  plate: Plate.optional(),
  well: z.object({ images: Entries }).optional(),
  omero: z
    .object({ channels: z.array(Channel) })
    .optional()
    .catch(undefined),
});
/** What OME's metadata of a group say; nothing of them in a group that only holds others. */
export type OmeAttributes = z.infer<typeof OmeAttributes>;

interface Known {
  readonly stamp: string;
  readonly attributes: OmeAttributes;
}

const known = new BoundedMap<string, Known>(GROUPS_KEPT);

/** Whether a folder is a group or an array of Zarr 2 or 3. */
export function isZarr(folder: string): boolean {
  return [...GROUP_FILES, ".zarray"].some((name) => existsSync(join(folder, name)));
}

/** Whether a name says that a folder is a Zarr. */
export function hasZarrName(path: string): boolean {
  return /\.zarr[\\/]?$/i.test(path);
}

/** Whether a path leads into a folder with such a name. */
export function isInZarr(path: string): boolean {
  return path.split(/[\\/]/).slice(0, -1).some(hasZarrName);
}

/**
 * Reads the OME metadata of a group.
 * @returns undefined where the folder is no group.
 * @throws Error naming the file of the metadata, where they are damaged.
 */
export async function readOmeAttributes(folder: string): Promise<OmeAttributes | undefined> {
  if (existsSync(join(folder, ".zarray"))) return undefined;
  for (const name of GROUP_FILES) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    try {
      return await readGroup(path, name === "zarr.json");
    } catch (cause) {
      throw new Error(`${name} of the OME-Zarr cannot be read: ${reasonOf(cause)}`, { cause });
    }
  }
  return undefined;
}

async function readGroup(path: string, isThree: boolean): Promise<OmeAttributes | undefined> {
  const file = await openedForReading(path);
  try {
    const { size, mtimeMs } = await file.stat();
    const stamp = `${size}-${mtimeMs}`;
    const before = known.get(path);
    if (before?.stamp === stamp) return before.attributes;
    if (size > MOST_BYTES)
      throw new Error(`it has ${Math.round(size / 2 ** 20)} MiB, over the limit of 64 MiB`);
    const json = parseZarrJson(await file.readFile("utf8"));
    const attributes = isThree ? attributesOfThree(json) : json;
    if (attributes === undefined) return undefined;
    const read = OmeAttributes.safeParse(attributes);
    if (!read.success) throw new Error(firstProblem(read.error));
    known.set(path, { stamp, attributes: read.data });
    return read.data;
  } finally {
    await file.close();
  }
}

/** Zarr 3 keeps attributes beside other things; OME-Zarr 0.5 in a place of their own there. */
function attributesOfThree(json: unknown): unknown {
  const node = z
    .object({ node_type: z.string(), attributes: z.record(z.string(), z.unknown()).default({}) })
    .parse(json);
  return node.node_type === "group" ? (node.attributes.ome ?? node.attributes) : undefined;
}

function firstProblem({ issues }: z.ZodError): string {
  const [issue] = issues;
  return issue === undefined ? "it is damaged" : `${issue.path.join(".")}: ${issue.message}`;
}
