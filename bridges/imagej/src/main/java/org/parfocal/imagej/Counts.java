package org.parfocal.imagej;

import ij.process.ColorProcessor;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;

/** The camera counts of an image, in row order: of colours their luminance, of floating-point numbers their range. */
final class Counts {
  static final int PATCH_PX = 84;

  final int width;
  final int height;
  final float[] values;
  /** How many pixels of the image a side each of these is. */
  final int binning;

  private Counts(int width, int height, float[] values, int binning) {
    this.width = width;
    this.height = height;
    this.values = values;
    this.binning = binning;
  }

  /** @throws IllegalArgumentException if the image is smaller than a patch. */
  static Counts of(ImageProcessor image) {
    int width = image.getWidth();
    int height = image.getHeight();
    if (width < PATCH_PX || height < PATCH_PX) {
      throw new IllegalArgumentException(
          "Needs at least " + PATCH_PX + " x " + PATCH_PX + " px; the image has " + width + " x " + height);
    }
    float[] values = new float[width * height];
    if (image instanceof FloatProcessor) stretch((float[]) image.getPixels(), values);
    else if (image instanceof ColorProcessor) {
      for (int i = 0; i < values.length; i++) values[i] = luminance(image.get(i));
    } else {
      for (int i = 0; i < values.length; i++) values[i] = image.get(i);
    }
    return new Counts(width, height, values, 1);
  }

  /** With so many pixels a side summed into one, if a patch still fits; pixels beyond the last whole one are left out. */
  Counts binned(int wanted) {
    int side = Math.max(1, Math.min(wanted, Math.min(width, height) / PATCH_PX));
    if (side == 1) return this;
    int columns = width / side;
    int rows = height / side;
    float[] sums = new float[columns * rows];
    for (int y = 0; y < rows * side; y++) {
      for (int x = 0; x < columns * side; x++) sums[y / side * columns + x / side] += values[y * width + x];
    }
    return new Counts(columns, rows, sums, side);
  }

  /** ITU-R BT.601, as for all colour images. */
  private static float luminance(int rgb) {
    return Math.round(0.299 * (rgb >> 16 & 255) + 0.587 * (rgb >> 8 & 255) + 0.114 * (rgb & 255));
  }

  /** As src/frames/counts.ts: whole numbers that fit keep their steps, others are stretched over 16 bits. */
  private static void stretch(float[] numbers, float[] counts) {
    NumberRange range = NumberRange.of(numbers);
    double low = range.low;
    double high = range.high;
    if (low > high) return;
    double from = range.isWhole && low >= 0 && high <= NumberRange.LARGEST_COUNT ? 0 : low;
    boolean keepsSteps = range.isWhole && high - from <= NumberRange.LARGEST_COUNT;
    double gain = keepsSteps ? 1 : NumberRange.LARGEST_COUNT / (high > low ? high - low : 1);
    for (int i = 0; i < counts.length; i++) {
      if (Float.isNaN(numbers[i])) continue;
      counts[i] = Math.round((Math.min(Math.max(numbers[i], low), high) - from) * gain);
    }
  }
}
