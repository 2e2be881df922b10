import { basename } from "node:path";
import type { IndexReader } from "./index-reader.js";
import { lengthUm } from "./length-units.js";
import type { FrameMetadata } from "./micro-manager-metadata.js";
import { withoutUndefined } from "./micro-manager-metadata.js";
import { finite, positive, wholeNumber } from "./numbers.js";
import { objectiveOf } from "./objective.js";
import { wellAt } from "./wells.js";
import { attributesOf, decoded, tagsOf } from "./xml.js";

/** Files that are remembered at most. */
const MOST_FILES = 2_000_000;

interface Channel {
  name: string | undefined;
  pixelUm: number | undefined;
  na?: number | undefined;
}

interface Image {
  url?: string;
  row?: number;
  column?: number;
  site?: number;
  z?: number;
  time?: number;
  zUm?: number;
  channelId?: string;
  channel: Channel;
}

/**
 * Harmony's index. Up to version 5 each image says its channel; from version 6 on a list of channels does, by `ChannelID`. Numbers of
 * field and plane are from 1, of time points from 0, as the index has them.
 */
export class HarmonyIndex implements IndexReader {
  readonly #files = new Map<string, Image>();
  readonly #channels = new Map<string, Channel>();
  #plate: string | undefined;
  #image: Image | undefined;
  #entry: Channel | undefined;
  #isInPlate: boolean = false;

  read(part: string): void {
    for (const { name, inside, isEnd, isEmpty, text } of tagsOf(part)) {
      if (isEnd) this.#end(name);
      else if (isEmpty) continue;
      else if (name === "Image") this.#image = { channel: { name: undefined, pixelUm: undefined } };
      else if (name === "Entry") this.#beginEntry(attributesOf(inside).ChannelID);
      else if (name === "Plate") this.#isInPlate = true;
      else this.#value(name, inside, decoded(text).trim());
    }
  }

  metadataOf(fileName: string): FrameMetadata | undefined {
    const image = this.#files.get(fileName);
    if (image === undefined) return undefined;
    const { row, column, site, z, time, zUm, channel, channelId } = image;
    const shared = this.#channels.get(channelId ?? "");
    const well = row === undefined || column === undefined ? undefined : wellAt(row - 1, column - 1);
    return withoutUndefined({
      indexed: true as const,
      ...{ plate: this.#plate, well: well?.name, site, zIndex: z, timeIndex: time, zUm },
      zOrigin: zUm === undefined ? undefined : ("intended" as const),
      channel: channel.name ?? shared?.name,
      pixelUm: channel.pixelUm ?? shared?.pixelUm,
      objective: objectiveOf(channel.na ?? shared?.na, {}),
    });
  }

  #beginEntry(channelId: string | undefined): void {
    if (channelId === undefined) return;
    this.#entry = this.#channels.get(channelId) ?? { name: undefined, pixelUm: undefined };
    this.#channels.set(channelId, this.#entry);
  }

  #end(name: string): void {
    if (name === "Plate") this.#isInPlate = false;
    if (name === "Entry") this.#entry = undefined;
    if (name !== "Image") return;
    const image = this.#image;
    this.#image = undefined;
    if (image?.url === undefined || this.#files.size >= MOST_FILES) return;
    this.#files.set(basename(image.url.replaceAll("\\", "/")), image);
  }

  #value(name: string, inside: string, text: string): void {
    if (text === "") return;
    const image = this.#image;
    const channel = image?.channel ?? this.#entry;
    if (name === "ChannelName" && channel !== undefined) channel.name ??= text;
    else if (name === "ImageResolutionX" && channel !== undefined)
      channel.pixelUm ??= positive(lengthOf(inside, text));
    else if (name === "ObjectiveNA" && channel !== undefined) channel.na ??= finite(text);
    else if (image !== undefined) this.#imageValue(image, name, inside, text);
    else if (this.#isInPlate && (name === "Name" || name === "PlateID")) {
      if (name === "Name" || this.#plate === undefined) this.#plate = text;
    }
  }

  #imageValue(image: Image, name: string, inside: string, text: string): void {
    const number = wholeNumber(text);
    if (name === "URL") image.url = text;
    else if (name === "ChannelID") image.channelId = text;
    else if (name === "PositionZ") Object.assign(image, withoutUndefined({ zUm: lengthOf(inside, text) }));
    else if (number === undefined) return;
    else if (name === "Row") image.row = number;
    else if (name === "Col") image.column = number;
    else if (name === "FieldID") image.site = number;
    else if (name === "PlaneID") image.z = number;
    else if (name === "TimepointID") image.time = number;
  }
}

function lengthOf(inside: string, text: string): number | undefined {
  return lengthUm(text, attributesOf(inside).Unit ?? "m");
}
