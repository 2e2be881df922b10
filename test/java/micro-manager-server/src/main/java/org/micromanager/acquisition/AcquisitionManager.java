package org.micromanager.acquisition;

/** Stands in for Micro-Manager's interface of this name. */
public interface AcquisitionManager {
  boolean isAcquisitionRunning();

  boolean isPaused();

  void setPause(boolean state);
}
