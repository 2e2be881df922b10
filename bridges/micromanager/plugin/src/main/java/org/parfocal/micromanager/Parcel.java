package org.parfocal.micromanager;

/** A frame on its way to the agent: its id, its two parts, and whether it is an observed one. */
final class Parcel {
  final String id;
  final byte[] head;
  final byte[] pixels;
  /** Somebody waits for its answer, so that it is not dropped for a newer one. */
  final boolean isAwaited;

  Parcel(String id, byte[] head, byte[] pixels, boolean isAwaited) {
    this.id = id;
    this.head = head;
    this.pixels = pixels;
    this.isAwaited = isAwaited;
  }
}
