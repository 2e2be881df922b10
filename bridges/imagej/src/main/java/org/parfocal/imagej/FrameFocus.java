package org.parfocal.imagej;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What the network says of a frame and of its patches. */
final class FrameFocus {
  /** Weighted quantile of the patch levels that is the level of the frame (src/focus/frame-level.ts). */
  private static final double FRAME_QUANTILE = 0.35;

  private final int width;
  private final int height;
  private final float[][][] probabilities;
  private final float[][] certainties;
  private final float certainty;

  /** @param probabilities [rows, columns, levels] @param certainties [rows, columns] */
  FrameFocus(
      int width,
      int height,
      float[][][] probabilities,
      float[][] certainties,
      float certainty) {
    this.width = width;
    this.height = height;
    this.probabilities = probabilities;
    this.certainties = certainties;
    this.certainty = certainty;
  }

  /** Level of the frame as a whole number: the same quantile of its patches' most probable levels. */
  int score() {
    return (int) Math.round(quantileOf(FrameFocus::mostProbable));
  }

  /** 0 to 1. */
  float certainty() {
    return certainty;
  }

  int rows() {
    return certainties.length;
  }

  int columns() {
    return certainties[0].length;
  }

  int levels() {
    return probabilities[0][0].length;
  }

  int patchScore(int row, int column) {
    return mostProbable(probabilities[row][column]);
  }

  float patchCertainty(int row, int column) {
    return certainties[row][column];
  }

  /** Left border of a column of patches, px; the last one is moved inward. */
  int left(int column) {
    return Math.min(column * Counts.PATCH_PX, width - Counts.PATCH_PX);
  }

  /** Upper border of a row of patches, px. */
  int top(int row) {
    return Math.min(row * Counts.PATCH_PX, height - Counts.PATCH_PX);
  }

  /** Level of the frame, 0 to 10: a quantile of its patches' levels, weighted by squared certainty. */
  double level() {
    return quantileOf(FrameFocus::expected);
  }

  private double quantileOf(ToDoubleFunction<float[]> levelOf) {
    List<double[]> patches = new ArrayList<>();
    double total = 0;
    for (int row = 0; row < rows(); row++) {
      for (int column = 0; column < columns(); column++) {
        double weight = Math.pow(certainties[row][column], 2);
        patches.add(new double[] {levelOf.applyAsDouble(probabilities[row][column]), weight});
        total += weight;
      }
    }
    patches.sort(Comparator.<double[]>comparingDouble(patch -> patch[0]).thenComparingDouble(patch -> patch[1]));
    double target = FRAME_QUANTILE * total;
    double before = 0;
    double previousLevel = patches.get(0)[0];
    double previousMiddle = 0;
    for (double[] patch : patches) {
      double middle = before + patch[1] / 2;
      if (middle >= target) {
        double share = middle > previousMiddle ? (target - previousMiddle) / (middle - previousMiddle) : 1;
        return previousLevel + share * (patch[0] - previousLevel);
      }
      before += patch[1];
      previousLevel = patch[0];
      previousMiddle = middle;
    }
    return previousLevel;
  }

  private static int mostProbable(float[] distribution) {
    int best = 0;
    for (int level = 1; level < distribution.length; level++) {
      if (distribution[level] > distribution[best]) best = level;
    }
    return best;
  }

  private static double expected(float[] distribution) {
    double sum = 0;
    for (int level = 0; level < distribution.length; level++) sum += level * distribution[level];
    return sum;
  }
}
