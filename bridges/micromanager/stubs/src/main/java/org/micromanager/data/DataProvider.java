package org.micromanager.data;

import java.io.Closeable;

/** Images; its events come in one thread of its own. */
public interface DataProvider extends Closeable {
  SummaryMetadata getSummaryMetadata();

  String getName();

  void registerForEvents(Object obj);
}
