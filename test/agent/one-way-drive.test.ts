import { describe, expect, test } from "vitest";
import { OneWayDrive, ReversedDriveError } from "../../src/agent/one-way-drive.js";

/** A focus drive that makes this share of each move; a negative one runs the other way. */
function drive(share: number) {
  let zUm = 5;
  const asked: number[] = [];
  const oneWay = new OneWayDrive({
    zUm: async () => zUm,
    moveToZ: async (toUm) => {
      asked.push(toUm);
      zUm += share * (toUm - zUm);
    },
  });
  return { oneWay, asked };
}

describe("a focus drive", () => {
  test.each([1, 0.5, 0, -0.24])("that makes %f of a move is no reversed one", async (share) => {
    const { oneWay, asked } = drive(share);
    await oneWay.moveToZ(9);
    await oneWay.moveToZ(1);

    expect(oneWay.isReversed).toBe(false);
    expect(asked).toEqual([9, 1]);
  });

  test.each([
    [9, 1],
    [1, 9],
  ])("that is sent from 5 to %f um and reports %f um is sent back and told", async (toUm, reportedUm) => {
    const { oneWay, asked } = drive(-1);
    const error: unknown = await oneWay.moveToZ(toUm).catch((e: unknown) => e);

    expect(error).toBeInstanceOf(ReversedDriveError);
    const [told, reports] = [toUm - 5, reportedUm - 5].map((um) => um.toFixed(2));
    expect((error as Error).message).toContain(`told to move by ${told} um it reports ${reports} um`);
    expect(oneWay.isReversed).toBe(true);
    // By its own sign the way back from the reported z to 5 um is the move that it was told, once more.
    expect(asked).toEqual([toUm, toUm + reportedUm - 5]);
  });

  test("that makes a quarter of a move the wrong way is a reversed one", async () => {
    const { oneWay } = drive(-0.25);
    await expect(oneWay.moveToZ(9)).rejects.toThrow(ReversedDriveError);
  });

  test("is not judged by a move too short to tell", async () => {
    const { oneWay } = drive(-1);
    await oneWay.moveToZ(5.19);
    expect(oneWay.isReversed).toBe(false);
    await expect(oneWay.moveToZ(4.6)).rejects.toThrow(ReversedDriveError);
  });
});
