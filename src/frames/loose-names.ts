import type { FrameName, IsWell } from "./frame-name.js";
import { wellFields } from "./name-groups.js";
import { parseWell, wellOf } from "./wells.js";

/** Stains and lights by which people name channels, and their numbers. */
const CHANNELS =
  /^(?:dapi|hoechst\d*|e?gfp|fitc|tritc|[yrc]fp|bfp|mcherry|tdtomato|texas ?red|txred|cy[357](?:\.5)?|alexa ?\d{3}|af\d{3}|phalloidin|actin|bf|bright ?field|phase|dic|trans(?:mitted)?|ch\d{1,2})$/i;

/** Whether a word by itself names a channel. */
export function isChannelWord(word: string): boolean {
  return CHANNELS.test(word);
}

type NumberField = "timeIndex" | "channelIndex" | "zIndex" | "positionIndex" | "site";

/** Parts between underscores that mean something by themselves. */
const NUMBERS: readonly { readonly pattern: RegExp; readonly field: NumberField }[] = [
  { pattern: /^(?:t|time|timepoint)(\d{2,9})$/i, field: "timeIndex" },
  // A series that is not padded; "T1" is more often a treatment.
  { pattern: /^t(\d)$/, field: "timeIndex" },
  { pattern: /^c(\d{2,4})$/, field: "channelIndex" },
  { pattern: /^z(\d{1,6})$/i, field: "zIndex" },
  { pattern: /^(?:p|pos|position)(\d{2,6})$/i, field: "positionIndex" },
  { pattern: /^(?:site|field|fld|fov)(\d{1,6})$/i, field: "site" },
];
/** The same in a well; elsewhere "f32" and "s16" are kinds of numbers. */
const NUMBERS_IN_WELL: typeof NUMBERS = [...NUMBERS, { pattern: /^[sf](\d{1,6})$/i, field: "site" }];

/**
 * Reads a name of no known instrument, by the parts between its underscores: well, site, channel, time, z. Of two parts that
 * look like wells the last one is the well: plates, batches and antibodies stand before it ("B16_C03_DAPI"). What no
 * part explains is `rest`.
 * @param inWell whether its folder is a well.
 */
export function parseLooseName(stem: string, isWell: IsWell, inWell: boolean): FrameName {
  const whole = wellOf({ name: stem });
  // "P1" is more often a position, "S1_2" a field.
  if (whole !== undefined && isWell(whole) && !/^(?:[I-P]\d$|[SFZ]\d)/.test(stem)) return wellFields(whole);
  let parts = partsOf(stem, /[_-]/);
  let wellAt = wellPartOf(parts, isWell);
  const words = partsOf(stem, /[_\s-]/);
  const wordAt = wellAt < 0 ? wellPartOf(words, isWell) : -1;
  if (wordAt >= 0) [parts, wellAt] = [words, wordAt];
  const numbers = inWell || wellAt >= 0 ? NUMBERS_IN_WELL : NUMBERS;
  const found: { -readonly [K in keyof FrameName]: FrameName[K] } = {};
  const rest: string[] = [];
  const plate: string[] = [];
  for (const [index, part] of parts.entries()) {
    if (index === wellAt) continue;
    const number = numbers.find(({ pattern, field }) => pattern.test(part) && found[field] === undefined);
    if (number !== undefined) found[number.field] = Number(number.pattern.exec(part)![1]);
    const isChannel = number === undefined && CHANNELS.test(part) && found.channel === undefined;
    if (isChannel) found.channel = part;
    // "P01" may be the number of a plate.
    if (index < wellAt && !isChannel && (number === undefined || number.field === "positionIndex")) {
      plate.push(part);
    } else if (index > wellAt && !isChannel && number === undefined) rest.push(part);
  }
  return {
    ...found,
    ...(wellAt >= 0 ? wellFields(parseWell(parts[wellAt]!)) : {}),
    ...(found.site !== undefined && { site: found.site }),
    ...(plate.length > 0 && { plate: plate.join("_") }),
    ...(rest.length > 0 && { rest: rest.join("_") }),
  };
}

function partsOf(stem: string, separator: RegExp): string[] {
  return stem.split(separator).filter((part) => part !== "");
}

/** The place of the part that is the well, -1 if none is. Where several could be, "Z01" and "S02" are no wells. */
function wellPartOf(parts: readonly string[], isWell: IsWell): number {
  const candidates = parts.flatMap((part, index) => {
    const well = /^[A-Z]{1,2}\d{2}$/.test(part) ? parseWell(part) : undefined;
    return well !== undefined && isWell(well) ? [index] : [];
  });
  const sure = candidates.filter(
    (index) => !NUMBERS_IN_WELL.some(({ pattern }) => pattern.test(parts[index]!)),
  );
  return (sure.length > 0 ? sure : candidates).at(-1) ?? -1;
}
