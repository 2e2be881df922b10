package org.parfocal.micromanager;

/** An action of the agent was not, or could not be, executed. */
final class DriveException extends Exception {
  private static final long serialVersionUID = 1L;

  final AbandonReason why;

  DriveException(AbandonReason why, String message, Throwable cause) {
    super(message, cause);
    this.why = why;
  }

  DriveException(AbandonReason why, String message) {
    this(why, message, null);
  }
}
