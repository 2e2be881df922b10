package org.parfocal.micromanager;

/** What a search for focus moves: the focus drive, or the offset of a focus lock. One search has one axis. */
interface FocusAxis {
  /** Position now, um; null if it is not known. */
  Double zUm();

  /** Where {@link #zUm} may be moved; null: nowhere, as no limits are set. */
  ZLimits limits();

  /** The focus lock now; null if the microscope has none. */
  FocusLock lock();

  /**
   * Moves and waits until it is there.
   *
   * @param viaUm a stop on the way; null: none.
   */
  void moveTo(double toUm, Double viaUm) throws DriveException;
}
