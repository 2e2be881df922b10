package org.parfocal.micromanager;

import java.util.Locale;

/** A hardware focus lock (PFS, CRISP, Definite Focus) at the time of a frame. */
final class FocusLock {
  enum State {
    OFF,
    ENGAGED,
    /** It is on but does not hold. */
    LOST
  }

  final String device;
  final State state;
  /** How this bridge moves while the lock is engaged. */
  final LockHandling moves;

  FocusLock(String device, State state, LockHandling moves) {
    this.device = device;
    this.state = state;
    this.moves = moves;
  }

  JsonBuilder toJson() {
    JsonBuilder json = new JsonBuilder().putName("device", device);
    return json.put("state", state.name().toLowerCase(Locale.ROOT)).put("moves", moves.word());
  }
}
