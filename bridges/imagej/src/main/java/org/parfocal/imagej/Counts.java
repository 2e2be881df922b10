package org.parfocal.imagej;

import ij.process.ColorProcessor;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;

/** The camera counts of an image, in row order: of colours their luminance, of floating-point numbers their range. */
final class Counts {
  static final int PATCH_PX = 84;
  private static final int LARGEST_COUNT = 65535;

  final int width;
  final int height;
  final float[] values;

  private Counts(int width, int height, float[] values) {
    this.width = width;
    this.height = height;
    this.values = values;
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
    return new Counts(width, height, values);
  }

  /** ITU-R BT.601, as for all colour images. */
  private static float luminance(int rgb) {
    return Math.round(0.299 * (rgb >> 16 & 255) + 0.587 * (rgb >> 8 & 255) + 0.114 * (rgb & 255));
  }

  /** As src/frames/counts.ts: whole numbers that fit keep their steps, others are stretched over 16 bits. */
  private static void stretch(float[] numbers, float[] counts) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    boolean isWhole = true;
    for (float number : numbers) {
      if (Float.isNaN(number) || Float.isInfinite(number)) continue;
      low = Math.min(low, number);
      high = Math.max(high, number);
      isWhole &= number == Math.rint(number);
    }
    if (low > high) return;
    double from = isWhole && low >= 0 && high <= LARGEST_COUNT ? 0 : low;
    double gain = isWhole && high - from <= LARGEST_COUNT ? 1 : LARGEST_COUNT / (high > low ? high - low : 1);
    for (int i = 0; i < counts.length; i++) {
      if (Float.isNaN(numbers[i])) continue;
      counts[i] = Math.round((Math.min(Math.max(numbers[i], low), high) - from) * gain);
    }
  }
}
