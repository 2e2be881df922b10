package org.parfocal.micromanager;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The pixels of one grey image as they go on the wire: in row order, little-endian. */
final class Pixels {
  static final int MAX_SIDE_PX = 32768;
  /** 256 MiB of 16 bits: more than the agent takes. */
  private static final long MAX_PIXELS = 1L << 27;

  final int width;
  final int height;
  /** 1 or 2. */
  final int bytesPerPixel;
  final byte[] bytes;

  private Pixels(int width, int height, int bytesPerPixel, byte[] bytes) {
    this.width = width;
    this.height = height;
    this.bytesPerPixel = bytesPerPixel;
    this.bytes = bytes;
  }

  /**
   * A copy of an image's pixels.
   *
   * @param raw {@code byte[]} or {@code short[]}, both unsigned, as Micro-Manager and ImageJ hold grey images.
   * @throws IllegalArgumentException if that is no grey image of this size.
   */
  static Pixels copyOf(Object raw, int width, int height) {
    boolean isSize = width >= 1 && height >= 1 && width <= MAX_SIDE_PX && height <= MAX_SIDE_PX;
    if (!isSize || (long) width * height > MAX_PIXELS) {
      throw new IllegalArgumentException("an image of " + width + " x " + height + " px cannot be judged");
    }
    if (raw instanceof byte[] && ((byte[]) raw).length == width * height) {
      return new Pixels(width, height, 1, ((byte[]) raw).clone());
    }
    if (raw instanceof short[] && ((short[]) raw).length == width * height) {
      ByteBuffer buffer = ByteBuffer.allocate(2 * width * height).order(ByteOrder.LITTLE_ENDIAN);
      buffer.asShortBuffer().put((short[]) raw);
      return new Pixels(width, height, 2, buffer.array());
    }
    String kind = raw == null ? "nothing" : raw.getClass().getSimpleName();
    throw new IllegalArgumentException("only grey images of 8 or 16 bits can be judged, not " + kind + " for " + width
        + " x " + height + " px");
  }

  /** As the protocol writes it. */
  String dtype() {
    return bytesPerPixel == 1 ? "uint8" : "uint16";
  }
}
