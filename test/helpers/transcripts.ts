import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import { ABANDON_REASONS, Index } from "../../src/protocol/messages.js";

const CONTRACT = join(import.meta.dirname, "../contract");
const FOLDER = join(CONTRACT, "transcripts");
/** Drives come as near as this to where they are told to go, um. */
const SAME_UM = 0.05;

const Answer = z.union([
  z.null(),
  z.strictObject({ drop: z.string() }),
  z.strictObject({ error: z.string() }),
  z.looseObject({ decision: z.string() }),
]);
const Frame = z.strictObject({
  frame: z.strictObject({ attempt: Index, zUm: z.number() }),
  answer: Answer,
  meanwhile: z.literal("cancel").optional(),
});
const Transcript = z.strictObject({
  says: z.string().min(1),
  needs: z.array(z.string()),
  given: z.strictObject({
    zUm: z.number(),
    limitsUm: z.tuple([z.number(), z.number()]),
    longestMoveUm: z.number().optional(),
    mostFrames: Index.optional(),
    driveEndsUm: z.number().optional(),
    driveReports: z.literal("opposite").optional(),
    autofocus: z
      .union([z.strictObject({ endsUm: z.number() }), z.strictObject({ fails: z.string() })])
      .optional(),
    lock: z.literal("engaged").optional(),
  }),
  conversation: z.array(
    z.union([
      Frame,
      z.strictObject({ noFrame: z.strictObject({ attempt: Index }) }),
      z.strictObject({ breaksOff: z.strictObject({ attempt: Index }) }),
    ]),
  ),
  end: z.strictObject({
    visitedUm: z.array(z.number()).optional(),
    zUm: z.number().optional(),
    keepAttempt: Index,
    abandon: z.enum(ABANDON_REASONS).nullable(),
  }),
});

/** One conversation of test/contract/transcripts. */
export type Transcript = z.infer<typeof Transcript>;
export type TranscriptFrame = z.infer<typeof Frame>;

/** The verdict that the answers of a conversation are laid over. */
export const ACCEPT = JSON.parse(readFileSync(join(CONTRACT, "verdict-accept.json"), "utf8")) as object;

export const transcriptNames: readonly string[] = readdirSync(FOLDER).map((file) =>
  file.replace(".json", ""),
);

export function readTranscript(name: string): Transcript {
  return Transcript.parse(JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")));
}

/** For each controller what it cannot do, and why. */
export const CONTROLLERS = z
  .record(z.string(), z.record(z.string(), z.string()))
  .parse(JSON.parse(readFileSync(join(CONTRACT, "controllers.json"), "utf8")));

/** The transcripts that a controller takes part in: all but those that need what it cannot do. */
export function transcriptsOf(controller: string): string[] {
  const beyond = CONTROLLERS[controller]!;
  return transcriptNames.filter((name) => readTranscript(name).needs.every((need) => !(need in beyond)));
}

export function framesOf({ conversation }: Transcript): TranscriptFrame[] {
  return conversation.filter((step) => "frame" in step);
}

/** Whether the camera gives no frame for this attempt. */
export function isMissing({ conversation }: Transcript, attempt: number): boolean {
  return conversation.some((step) => "noFrame" in step && step.noFrame.attempt === attempt);
}

/** Whether the run breaks off while the frame of this attempt is acquired. */
export function breaksOff({ conversation }: Transcript, attempt: number): boolean {
  return conversation.some((step) => "breaksOff" in step && step.breaksOff.attempt === attempt);
}

/** What a controller did. */
export interface Conduct {
  readonly frames: readonly { readonly id?: string; readonly attempt: number; readonly zUm: number }[];
  /** Where the drive was sent after it stood where the site began, um. */
  readonly movesUm: readonly number[];
  /** Where it stands at last, um. */
  readonly zUm: number;
  readonly keepAttempt: number;
  /** Each `abandon` that was said. */
  readonly abandons: readonly string[];
  /** The frame that each of them names; undefined where nothing is sent. */
  readonly named?: readonly (string | undefined)[];
}

/** Fails unless a controller did what the transcript says. */
export function expectConduct({ given, end, ...transcript }: Transcript, conduct: Conduct): void {
  const near = (zUm: number) => expect.closeTo(zUm, 1);
  const asked = framesOf({ given, end, ...transcript }).map(({ frame }) => frame);
  expect(conduct.frames).toMatchObject(asked.map((frame) => ({ ...frame, zUm: near(frame.zUm) })));
  const stays = conduct.movesUm.filter((zUm, i, all) => Math.abs(zUm - (all[i - 1] ?? given.zUm)) > SAME_UM);
  if (end.visitedUm !== undefined) expect([given.zUm, ...stays]).toEqual(end.visitedUm.map(near));
  expect(conduct.zUm).toEqual(near(end.zUm ?? end.visitedUm!.at(-1)!));
  expect(conduct.keepAttempt).toBe(end.keepAttempt);
  expect(conduct.abandons).toEqual(end.abandon === null ? [] : [end.abandon]);
  if (conduct.named === undefined) return;
  const unscored = end.abandon === "unscored" ? conduct.frames.at(-1)?.id : undefined;
  expect(conduct.named).toEqual(conduct.abandons.map(() => unscored));
}
