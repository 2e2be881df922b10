package org.micromanager.acquisition;

/** Multi-dimensional acquisitions. */
public interface AcquisitionManager {
  boolean isAcquisitionRunning();

  void attachRunnable(int frame, int position, int channel, int slice, Runnable runnable);

  void clearRunnables();
}
