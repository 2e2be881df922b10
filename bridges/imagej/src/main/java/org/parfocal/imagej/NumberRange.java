package org.parfocal.imagej;

import java.util.Arrays;

/**
 * The range of floating-point numbers that becomes that of the counts, as src/frames/counts.ts has it: a few pixels that lie so
 * far outside that the others would be left without steps do not set it.
 */
final class NumberRange {
  static final int LARGEST_COUNT = 65535;
  /** Pixels on either side that may be left out: no spot of light is so small. */
  private static final int FEW = 8;
  /** They are, where this many steps or fewer would be left for all others. */
  private static final int FEWEST_STEPS = 256;

  /** Above {@link #high} where nothing is a number. */
  final double low;
  final double high;
  /** All are whole numbers. */
  final boolean isWhole;

  private NumberRange(double low, double high, boolean isWhole) {
    this.low = low;
    this.high = high;
    this.isWhole = isWhole;
  }

  static NumberRange of(float[] numbers) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    boolean isWhole = true;
    for (float number : numbers) {
      if (!Float.isFinite(number)) continue;
      low = Math.min(low, number);
      high = Math.max(high, number);
      isWhole &= number == Math.rint(number);
    }
    NumberRange all = new NumberRange(low, high, isWhole);
    return isWhole && high - low <= LARGEST_COUNT ? all : all.withoutFew(numbers);
  }

  private NumberRange withoutFew(float[] numbers) {
    double[] lowest = new double[FEW + 1];
    Arrays.fill(lowest, Double.POSITIVE_INFINITY);
    double[] highest = lowest.clone();
    for (float number : numbers) {
      if (!Float.isFinite(number)) continue;
      keepLowest(lowest, number);
      keepLowest(highest, -(double) number);
    }
    double innerLow = lowest[FEW];
    double innerHigh = -highest[FEW];
    double span = innerHigh - innerLow;
    if (span <= 0 || span * LARGEST_COUNT >= (high - low) * FEWEST_STEPS) return this;
    double newLow = Arrays.stream(lowest).filter(value -> value >= innerLow - span).findFirst().getAsDouble();
    double newHigh = -Arrays.stream(highest).filter(value -> -value <= innerHigh + span).findFirst().getAsDouble();
    return new NumberRange(newLow, newHigh, isWhole);
  }

  /** Takes a number among the lowest so far, in order, if it is one of them. */
  private static void keepLowest(double[] lowest, double value) {
    int at = lowest.length - 1;
    if (value >= lowest[at]) return;
    for (; at > 0 && lowest[at - 1] > value; at--) lowest[at] = lowest[at - 1];
    lowest[at] = value;
  }
}
