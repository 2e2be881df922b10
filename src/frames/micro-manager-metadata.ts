/**
 * What Micro-Manager (1.4 and 2), pycro-manager and pymmcore-plus write beside the pixels, under one set of
 * names. Their spellings differ (`ZPositionUm`, `ZPosition_um_Intended`, ...), so each field has a list of aliases.
 * Foreign metadata are read tolerantly: what is missing, misspelt or damaged is left out, never an error.
 * @module
 */
import { z } from "zod";
import { readJsonLeniently } from "./lenient-json.js";
import { type Objective, objectiveOfLabel } from "./objective.js";

/** Where and how a frame was taken, as far as its file says so. */
export interface FrameMetadata {
  /** Stage position, um. */
  readonly xUm?: number;
  readonly yUm?: number;
  readonly zUm?: number;
  /** Whether `zUm` was read back from the drive or is what the drive was asked for. */
  readonly zOrigin?: "measured" | "intended";
  readonly exposureMs?: number;
  /** Side of a pixel in the sample, um. */
  readonly pixelUm?: number;
  readonly objective?: Objective;
  /** Name of the channel, such as "DAPI". */
  readonly channel?: string;
  readonly positionName?: string;
  /** Where OME's metadata place it on a plate. */
  readonly plate?: string;
  readonly well?: string;
  readonly site?: number;
  /** Which of several images of its file it belongs to. */
  readonly series?: string;
  /** Told by the index of a screening microscope, which knows by name what its files only number. */
  readonly indexed?: true;
  /** Of an image in an OME-Zarr: its path there, with forward slashes; missing where it is the whole. */
  readonly inStore?: string;
  /** Significant bits of a pixel as declared; `Frame.bitDepth` is what the pixels bear out. */
  readonly bitDepth?: number;
  /** Counted from 0, as all indices. */
  readonly timeIndex?: number;
  readonly zIndex?: number;
  /** Distance of the planes of its stack, um. */
  readonly zStepUm?: number;
  readonly channelIndex?: number;
  /** Its file holds several channels: a word in the file's name is not the channel of all of them. */
  readonly ofSeveralChannels?: true;
  readonly positionIndex?: number;
  readonly camera?: string;
  readonly binning?: string;
  /** Since the acquisition began. */
  readonly elapsedMs?: number;
}

/** Aliases by field; a dot goes into a nested object. The first that holds a usable value wins. */
const ALIASES = {
  xUm: ["XPositionUm", "XPosition_um", "XPosition_um_Intended", "position.x"],
  yUm: ["YPositionUm", "YPosition_um", "YPosition_um_Intended", "position.y"],
  exposureMs: ["Exposure-ms", "ExposureMs", "Exposure", "exposure_ms"],
  pixelUm: ["PixelSizeUm", "PixelSize_um", "pixel_size_um"],
  channel: ["Channel", "ChannelName", "Axes.channel", "mda_event.channel.config", "channel"],
  positionName: ["PositionName", "PositionLabel", "mda_event.pos_name", "Axes.position", "position"],
  bitDepth: ["BitDepth", "bit_depth"],
  timeIndex: ["FrameIndex", "Frame", "Axes.time", "mda_event.index.t", "time"],
  zIndex: ["SliceIndex", "Slice", "Axes.z", "mda_event.index.z", "z"],
  channelIndex: ["ChannelIndex", "Axes.channel", "mda_event.index.c", "channel"],
  positionIndex: ["PositionIndex", "Axes.position", "mda_event.index.p", "position"],
  camera: ["Camera", "Core-Camera", "camera_device"],
  binning: ["Binning"],
  elapsedMs: ["ElapsedTime-ms", "ElapsedTimeMs", "runner_time_ms"],
} as const;

const MEASURED_Z = ["ZPositionUm", "ZPosition_um", "position.z"] as const;
const INTENDED_Z = ["ZPosition_um_Intended", "mda_event.z_pos"] as const;

const JsonObject = z.record(z.string(), z.unknown());
const NumberText = z
  .string()
  .trim()
  .regex(/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i)
  .transform(Number);
const Quantity = z.union([z.number(), NumberText]).pipe(z.number());
const PositiveQuantity = Quantity.pipe(z.number().positive());
const Index = Quantity.pipe(z.int().nonnegative());
const Name = z.string().trim().min(1);
const Binning = z.union([Name, z.number().transform(String)]);

/**
 * Reads one frame's metadata from JSON text, as Micro-Manager puts into TIFF tag 51123 or ImageJ's `info`.
 * Of damaged JSON what can be read is taken; text that is not a JSON object gives no metadata.
 */
export function parseMicroManagerMetadata(text: string): FrameMetadata {
  return readMicroManagerMetadata(readJsonLeniently(text));
}

/** Reads one frame's metadata from parsed JSON of any shape: a tag, a `metadata.txt` entry, a hook's dictionary. */
export function readMicroManagerMetadata(json: unknown): FrameMetadata {
  const object = JsonObject.safeParse(json);
  if (!object.success) return {};
  // Micro-Manager 2 property maps keep their values one level down.
  const wrapped = JsonObject.safeParse(object.data.map);
  const source = wrapped.success ? wrapped.data : object.data;

  const measuredZUm = first(source, MEASURED_Z, Quantity);
  const intendedZUm = first(source, INTENDED_Z, Quantity);
  return withoutUndefined({
    xUm: first(source, ALIASES.xUm, Quantity),
    yUm: first(source, ALIASES.yUm, Quantity),
    zUm: measuredZUm ?? intendedZUm,
    zOrigin: measuredZUm !== undefined ? "measured" : intendedZUm !== undefined ? "intended" : undefined,
    exposureMs: first(source, ALIASES.exposureMs, PositiveQuantity),
    objective: objectiveIn(source),
    // Micro-Manager writes 0 where the pixel size is not calibrated.
    pixelUm: first(source, ALIASES.pixelUm, PositiveQuantity),
    channel: first(source, ALIASES.channel, Name),
    positionName: first(source, ALIASES.positionName, Name),
    bitDepth: first(source, ALIASES.bitDepth, Index),
    timeIndex: first(source, ALIASES.timeIndex, Index),
    zIndex: first(source, ALIASES.zIndex, Index),
    channelIndex: first(source, ALIASES.channelIndex, Index),
    positionIndex: first(source, ALIASES.positionIndex, Index),
    camera: first(source, ALIASES.camera, Name),
    binning: first(source, ALIASES.binning, Binning),
    elapsedMs: first(source, ALIASES.elapsedMs, Quantity),
  });
}

/** The reverse, for writing: Micro-Manager 2's keys with the fields that are known. */
export function toMicroManagerMetadata(metadata: FrameMetadata): Record<string, number | string> {
  const { zOrigin, zUm } = metadata;
  const entries = Object.entries(ALIASES).flatMap(([field, [key]]) => {
    const value = metadata[field as keyof typeof ALIASES];
    return value === undefined ? [] : [[key, value] as const];
  });
  const zKey = zOrigin === "intended" ? INTENDED_Z[0] : MEASURED_Z[0];
  return Object.fromEntries(zUm === undefined ? entries : [...entries, [zKey, zUm]]);
}

/** Fields of `metadata` with the undefined ones dropped. */
export function withoutUndefined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** What the label of the turret that is in use says, unless two of them say different things. */
function objectiveIn(source: Record<string, unknown>): Objective | undefined {
  const properties = { ...JsonObject.safeParse(source.ScopeData).data, ...source };
  const labels = Object.keys(properties)
    .filter((key) => key.endsWith("-Label"))
    .map((key) => objectiveOfLabel(String(scalar(properties[key]))))
    .filter((objective) => objective !== undefined);
  const isOne = labels.every(({ numericalAperture }) => numericalAperture === labels[0]!.numericalAperture);
  return isOne ? labels[0] : undefined;
}

function first<T>(
  source: Record<string, unknown>,
  aliases: readonly string[],
  schema: z.ZodType<T>,
): T | undefined {
  for (const alias of aliases) {
    const value = schema.safeParse(scalar(lookUp(source, alias)));
    if (value.success) return value.data;
  }
  return undefined;
}

function lookUp(source: Record<string, unknown>, alias: string): unknown {
  if (Object.hasOwn(source, alias)) return source[alias];
  let value: unknown = source;
  for (const key of alias.split(".")) {
    const object = JsonObject.safeParse(value);
    if (!object.success || !Object.hasOwn(object.data, key)) return undefined;
    value = object.data[key];
  }
  return value;
}

/** Property maps write `{"type": "DOUBLE", "scalar": 1.5}` for 1.5. */
function scalar(value: unknown): unknown {
  const object = JsonObject.safeParse(value);
  return object.success && Object.hasOwn(object.data, "scalar") ? object.data.scalar : value;
}
