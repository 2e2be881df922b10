package org.parfocal.micromanager;

import java.util.Locale;

/** How focus is moved while a hardware focus lock is engaged. */
enum LockHandling {
  /** Not at all. */
  NONE,
  /** By the offset of the lock. */
  OFFSET,
  /** By the drive, with the lock switched off for the move. */
  PAUSE;

  /** As the protocol writes it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The handling that {@link #word} names; null if there is none. */
  static LockHandling ofWord(String word) {
    for (LockHandling handling : values()) {
      if (handling.word().equals(word)) {
        return handling;
      }
    }
    return null;
  }
}
