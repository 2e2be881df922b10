package org.micromanager.data;

/** What is known of an acquisition. */
public interface SummaryMetadata {
  String getSafeChannelName(int index);
}
