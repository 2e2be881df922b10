package org.parfocal.micromanager;

import org.micromanager.Studio;

/** Micro-Manager's own log (CoreLog). */
final class StudioLog implements Log {
  private final Studio studio;

  StudioLog(Studio studio) {
    this.studio = studio;
  }

  @Override
  public void info(String message) {
    studio.logs().logMessage("Parfocal: " + message);
  }

  @Override
  public void warn(String message, Throwable cause) {
    Exception exception = cause instanceof Exception || cause == null ? (Exception) cause : new Exception(cause);
    if (exception == null) {
      studio.logs().logMessage("Parfocal: warning: " + message);
    } else {
      studio.logs().logError(exception, "Parfocal: " + message);
    }
  }
}
