package org.parfocal.micromanager;

import org.micromanager.data.Coords;

/** The z-stack that a watched image is a slice of: the agent judges it as one, by its last slice. */
final class ZStack {
  private final int size;
  private final boolean isLast;

  private ZStack(int size, boolean isLast) {
    this.size = size;
    this.isLast = isLast;
  }

  /**
   * Null where the image is no slice, or nobody says how many slices there are.
   *
   * @param zIndex from 0, null if there is no z axis.
   * @param dimensions planned number of images along each axis; null if not known.
   */
  static ZStack ofSlice(Integer zIndex, Coords dimensions) {
    int size = dimensions == null ? 0 : dimensions.getZ();
    return zIndex == null || size < 2 ? null : new ZStack(size, zIndex == size - 1);
  }

  JsonBuilder toJson() {
    JsonBuilder json = new JsonBuilder().put("size", size);
    return isLast ? json.put("last", true) : json;
  }
}
