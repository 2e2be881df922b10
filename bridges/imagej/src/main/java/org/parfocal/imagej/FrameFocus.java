package org.parfocal.imagej;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What the network says of a frame and of its patches. */
final class FrameFocus {
  /** Weighted quantile of the patch levels that is the level of the frame (src/focus/frame-level.ts). */
  private static final double FRAME_QUANTILE = 0.25;
  /** What frames at each level mostly read, the card of the network says. */
  private static final double[] READINGS = {0.33, 0.53, 1.9, 3.01, 4, 4.99, 5.95, 7.04, 8.16, 9.14, 9.56};
  /** So many patches speak for what the frame shows, and log odds count up to this (src/focus/content.ts). */
  private static final int SPEAKING_PATCHES = 6;
  private static final double MOST_LOG_ODDS = 10;
  /** Of a frame with less, the card of the network says, certainty says less, too. */
  private static final double LEAST_STRUCTURE = 0.25;

  private final Counts counts;
  private final float[][][] probabilities;
  private final float[][] certainties;
  private final float[][] structures;
  private final float certainty;

  /**
   * @param counts that were judged
   * @param probabilities [rows, columns, levels]
   * @param certainties [rows, columns]
   * @param structures log odds that each patch shows structure, [rows, columns]
   */
  FrameFocus(
      Counts counts,
      float[][][] probabilities,
      float[][] certainties,
      float[][] structures,
      float certainty) {
    this.counts = counts;
    this.probabilities = probabilities;
    this.certainties = certainties;
    this.structures = structures;
    this.certainty = certainty;
  }

  /** Level of the frame as a whole number: the one whose frames mostly read as this one does (src/focus/defocus-levels.ts). */
  int score() {
    double read = quantileOf(FrameFocus::median);
    int above = 0;
    while (above < READINGS.length && READINGS[above] <= read) above++;
    if (above == 0 || above == READINGS.length) return Math.max(0, above - 1);
    double low = READINGS[above - 1];
    return (int) Math.round(above - 1 + (read - low) / (READINGS[above] - low));
  }

  /** 0 to 1; where little speaks for structure, times the probability that there is any. */
  float certainty() {
    double structure = structure();
    return structure < LEAST_STRUCTURE ? (float) (certainty / (1 + Math.exp(-structure))) : certainty;
  }

  /** Log odds that the frame shows structure: mean of its most certain patches, weighted by certainty (src/focus/content.ts). */
  private double structure() {
    List<float[]> patches = new ArrayList<>();
    for (int row = 0; row < rows(); row++) {
      for (int column = 0; column < columns(); column++) {
        patches.add(new float[] {certainties[row][column], structures[row][column]});
      }
    }
    patches.sort((a, b) -> Float.compare(b[0], a[0]));
    double sum = 0;
    double weights = 0;
    for (float[] patch : patches.subList(0, Math.min(SPEAKING_PATCHES, patches.size()))) {
      sum += patch[0] * Math.max(-MOST_LOG_ODDS, Math.min(MOST_LOG_ODDS, patch[1]));
      weights += patch[0];
    }
    return weights > 0 ? sum / weights : -MOST_LOG_ODDS;
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

  /** Side of a patch in pixels of the image. */
  int patchPx() {
    return counts.binning * Counts.PATCH_PX;
  }

  /** Left border of a column of patches, pixels of the image; the last one is moved inward. */
  int left(int column) {
    return counts.binning * Math.min(column * Counts.PATCH_PX, counts.width - Counts.PATCH_PX);
  }

  /** Upper border of a row of patches, pixels of the image. */
  int top(int row) {
    return counts.binning * Math.min(row * Counts.PATCH_PX, counts.height - Counts.PATCH_PX);
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

  /** The level that half of the probability lies below, each level's being spread over half a level either side (src/focus/certainty.ts). */
  private static double median(float[] distribution) {
    double total = 0;
    for (float probability : distribution) total += probability;
    double below = 0;
    for (int level = 0; level < distribution.length; level++) {
      double probability = distribution[level];
      if (probability > 0 && below + probability >= total / 2) {
        return level - 0.5 + (total / 2 - below) / probability;
      }
      below += probability;
    }
    return Double.NaN;
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
