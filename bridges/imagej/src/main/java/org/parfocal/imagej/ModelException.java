package org.parfocal.imagej;

/** The network cannot be loaded or run. */
final class ModelException extends Exception {
  private static final long serialVersionUID = 1L;

  ModelException(String message, Throwable cause) {
    super(message + ": " + cause.getMessage(), cause);
  }
}
