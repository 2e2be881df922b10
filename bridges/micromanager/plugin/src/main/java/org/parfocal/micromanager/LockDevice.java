package org.parfocal.micromanager;

import mmcorej.CMMCore;

/** The hardware focus lock of a microscope, if it has one. */
final class LockDevice {
  private static final long POLL_MS = 20;

  private final CMMCore core;
  private final String label;
  private final int timeoutMs;

  /** @param timeoutMs longest wait for the lock to hold, ms. */
  LockDevice(CMMCore core, int timeoutMs) {
    this.core = core;
    this.timeoutMs = timeoutMs;
    String device = core.getAutoFocusDevice();
    label = device == null ? "" : device;
  }

  boolean exists() {
    return !label.isEmpty();
  }

  /** On, whether it holds or not. */
  boolean isEngaged() throws DriveException {
    try {
      return exists() && core.isContinuousFocusEnabled();
    } catch (Exception e) {
      throw new DriveException(AbandonReason.LOCK, "the focus lock does not say whether it is on", e);
    }
  }

  void engage(boolean isOn) throws DriveException {
    try {
      core.enableContinuousFocus(isOn);
    } catch (Exception e) {
      String what = isOn ? "on" : "off";
      throw new DriveException(AbandonReason.LOCK, "the focus lock cannot be switched " + what, e);
    }
  }

  /** Waits until the lock holds; false if it does not in time. */
  boolean awaitHold() {
    long endNs = System.nanoTime() + timeoutMs * 1_000_000L;
    while (!holds()) {
      if (System.nanoTime() - endNs >= 0) {
        return false;
      }
      try {
        Thread.sleep(POLL_MS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }

  /** How the lock is, as far as it says. */
  FocusLock report(LockHandling moves) {
    if (!exists()) {
      return null;
    }
    FocusLock.State state;
    try {
      boolean isEngaged = isEngaged();
      state = !isEngaged ? FocusLock.State.OFF : holds() ? FocusLock.State.ENGAGED : FocusLock.State.LOST;
    } catch (DriveException e) {
      state = FocusLock.State.LOST;
    }
    return new FocusLock(label, state, moves);
  }

  /** The offset, in the device's own unit. */
  double offset() throws Exception {
    return core.getAutoFocusOffset();
  }

  void setOffset(double offset) throws Exception {
    core.setAutoFocusOffset(offset);
    core.waitForDevice(label);
  }

  DriveException lost(String when) {
    String message = "the focus lock does not hold " + when + " (waited " + timeoutMs + " ms)";
    return new DriveException(AbandonReason.LOCK, message);
  }

  private boolean holds() {
    try {
      return core.isContinuousFocusLocked();
    } catch (Exception e) {
      return false;
    }
  }
}
