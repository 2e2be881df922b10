package org.micromanager;

/** The log of the application. */
public interface LogManager {
  void logMessage(String msg);

  void logError(Exception e, String msg);
}
