package org.micromanager.data;

/** What is known of an acquisition. */
public interface SummaryMetadata {
  String getSafeChannelName(int index);

  /** The planned number of images along each axis; null if that was not said. */
  Coords getIntendedDimensions();
}
