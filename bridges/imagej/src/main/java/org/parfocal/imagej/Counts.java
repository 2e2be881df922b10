package org.parfocal.imagej;

import ij.process.ByteProcessor;
import ij.process.ImageProcessor;
import ij.process.ShortProcessor;

/** The camera counts of a grey image, in row order. */
final class Counts {
  static final int PATCH_PX = 84;

  final int width;
  final int height;
  final float[] values;

  private Counts(int width, int height, float[] values) {
    this.width = width;
    this.height = height;
    this.values = values;
  }

  /** @throws IllegalArgumentException if the image is smaller than a patch or not of 8 or 16 bits. */
  static Counts of(ImageProcessor image) {
    if (!(image instanceof ByteProcessor || image instanceof ShortProcessor)) {
      throw new IllegalArgumentException("Needs a grey image of 8 or 16 bits: Image > Type > 16-bit");
    }
    int width = image.getWidth();
    int height = image.getHeight();
    if (width < PATCH_PX || height < PATCH_PX) {
      throw new IllegalArgumentException(
          "Needs at least " + PATCH_PX + " x " + PATCH_PX + " px; the image has " + width + " x " + height);
    }
    float[] values = new float[width * height];
    for (int i = 0; i < values.length; i++) values[i] = image.get(i);
    return new Counts(width, height, values);
  }
}
