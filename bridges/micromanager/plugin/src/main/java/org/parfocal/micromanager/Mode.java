package org.parfocal.micromanager;

import java.util.Locale;

/** {@code GATE}: a search for focus waits for the verdict. {@code OBSERVE}: the frame is judged on its own. */
enum Mode {
  GATE,
  OBSERVE;

  /** As the protocol writes it. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
