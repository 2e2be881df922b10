import { z } from "zod";
import { distinctNames } from "./distinct-names.js";
import type { FrameMetadata } from "./micro-manager-metadata.js";
import type { FileMetadata } from "./ome-xml.js";

/** Axes within a page. */
const IN_PAGE = new Set(["Y", "X", "S"]);
const INDICES = { T: "timeIndex", Z: "zIndex", C: "channelIndex" } as const;

const Described = z.object({
  shape: z.array(z.int().positive()),
  axes: z.string().optional().catch(undefined),
  Channel: z
    .object({ Name: z.array(z.string()) })
    .optional()
    .catch(undefined),
});

/**
 * What tifffile says of all planes of a plain TIFF: `{"shape": [4, 512, 512]}`, among what its user adds, such as
 * `{"axes": "ZYX", "shape": [4, 512, 512]}`; before, `shape=(4, 512, 512)`. Undefined for any other text.
 */
export function tifffileShape(text: string): z.infer<typeof Described> | undefined {
  const sides = /^\s*shape=\(([\d,\s]+)\)/.exec(text)?.[1];
  if (sides !== undefined) return Described.safeParse({ shape: sides.match(/\d+/g)?.map(Number) }).data;
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return Described.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Channel, z and time of the planes by these axes, of which the last runs fastest; nothing where there are others, too: their planes
 * would be taken for one another. Undefined where the axes are not told.
 * @param samples that a page has: planes where no axis is called so.
 */
export function tifffileAxes(text: string, samples: number): FileMetadata | undefined {
  const { shape, axes = "", Channel } = tifffileShape(text) ?? { shape: [] };
  if (axes === "" || axes.length !== shape.length || new Set(axes).size < axes.length) return undefined;
  const outer = [...axes].flatMap((axis, i) => (IN_PAGE.has(axis) ? [] : [{ axis, size: shape[i]! }]));
  const isKnown = outer.every(({ axis, size }) => size === 1 || axis in INDICES);
  const planes = outer.reduce((product, { size }) => product * size, 1);
  const channels = distinctNames(Channel?.Name ?? []);
  // tifffile calls any three or four planes colours.
  const tellsSamples = !axes.includes("S");
  const ofPlane = (plane: number): FrameMetadata => {
    if (!isKnown || plane >= planes) return {};
    const place: { -readonly [K in keyof FrameMetadata]: FrameMetadata[K] } = {};
    let left = plane;
    for (const { axis, size } of outer.toReversed()) {
      const index = left % size;
      left = Math.floor(left / size);
      if (size === 1) continue;
      place[INDICES[axis as keyof typeof INDICES]] = index;
      if (axis !== "C") continue;
      place.ofSeveralChannels = true;
      const name = channels[index];
      if (name !== undefined) place.channel = name;
    }
    return place;
  };
  const metadata = (page: number, sample = 0) => ofPlane(tellsSamples ? page * samples + sample : page);
  return Object.assign(metadata, { tellsSamples });
}
