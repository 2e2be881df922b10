import { StackFitError } from "../errors.js";
import type { FrameMetadata } from "../frames/micro-manager-metadata.js";

/** A page of the files that are named, and what they say about it. */
export interface StackPage {
  readonly path: string;
  readonly page: number;
  readonly metadata: FrameMetadata;
}

/** Values that are named in a message. */
const MOST_NAMED = 6;

/**
 * The pages that are the planes of one stack: all of them, or those of one channel.
 * @param channel by its name, or "channel1" where its file only numbers it from 0.
 * @throws StackFitError where several channels, time points or positions lie among them, or none is of the channel.
 */
export function pagesOfOneStack(pages: readonly StackPage[], channel?: string): readonly StackPage[] {
  const chosen = pages.filter(({ metadata }) => isOfChannel(metadata, channel));
  const channels = valuesOf(pages, channelOf);
  if (chosen.length === 0 && channel !== undefined) {
    const there = channels.length === 0 ? "its files name none" : `there are ${listed(channels)}`;
    throw new StackFitError(`no page of the stack is of channel ${channel}: ${there}`);
  }
  const areNamed = chosen.some(({ metadata }) => metadata.channel !== undefined);
  if (channel === undefined && isMixed(channels, areNamed ? Number.POSITIVE_INFINITY : chosen.length)) {
    throw new StackFitError(
      `the stack has ${channels.length} channels (${listed(channels)}): choose one with --channel`,
    );
  }
  for (const [kind, of] of [
    ["time points", ({ timeIndex }: FrameMetadata) => timeIndex?.toString()],
    ["positions", positionOf],
  ] as const) {
    const values = valuesOf(chosen, of);
    if (!isMixed(values, chosen.length)) continue;
    throw new StackFitError(
      `the stack has ${values.length} ${kind} (${listed(values)}): give the stack of one of them alone`,
    );
  }
  return chosen;
}

/** Where planes lie, um: by the drive if that is told of all of them, else in their stack; undefined where neither is told. */
export function planesUm(planes: readonly StackPage[]): (number | undefined)[] {
  const isByDrive = planes.every(({ metadata }) => metadata.zUm !== undefined);
  return planes.map(({ metadata: { zUm, zIndex, zStepUm } }) => {
    if (isByDrive) return zUm;
    return zIndex === undefined || zStepUm === undefined ? undefined : zIndex * zStepUm;
  });
}

/** Where each page has a value of its own, as in a stack that was taken as a time series, it is what numbers the planes. */
function isMixed(values: readonly string[], pages: number): boolean {
  return values.length > 1 && values.length < pages;
}

/** Whether a page is of a channel, where one is wanted. */
export function isOfChannel(metadata: FrameMetadata, name: string | undefined): boolean {
  return name === undefined || channelOf(metadata)?.toLowerCase() === name.trim().toLowerCase();
}

/** Whether a page says where it lies. */
export function tellsZ({ zUm, zIndex, zStepUm }: FrameMetadata): boolean {
  return zUm !== undefined || (zIndex !== undefined && zStepUm !== undefined);
}

function channelOf({ channel, channelIndex }: FrameMetadata): string | undefined {
  return channel ?? (channelIndex === undefined ? undefined : `channel${channelIndex}`);
}

function positionOf({ plate, well, site, series, positionName, positionIndex }: FrameMetadata) {
  const parts = [plate, well, site, series, positionName ?? positionIndex].filter(
    (part) => part !== undefined,
  );
  return parts.length === 0 ? undefined : parts.join("-");
}

function valuesOf(
  pages: readonly StackPage[],
  of: (metadata: FrameMetadata) => string | undefined,
): string[] {
  const values = new Set(pages.map(({ metadata }) => of(metadata)));
  return [...values].filter((value) => value !== undefined);
}

function listed(values: readonly string[]): string {
  const named = values.slice(0, MOST_NAMED).join(", ");
  return values.length > MOST_NAMED ? `${named}, ...` : named;
}
