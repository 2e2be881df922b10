package org.micromanager;

/** The list of stage positions. */
public interface PositionListManager {
  PositionList getPositionList();
}
