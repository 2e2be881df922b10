package org.parfocal.micromanager;

/** Where the bridge says what it does; called from any thread. */
interface Log {
  void info(String message);

  /** @param cause may be null. */
  void warn(String message, Throwable cause);
}
