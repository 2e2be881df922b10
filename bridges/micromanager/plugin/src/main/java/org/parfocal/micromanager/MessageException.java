package org.parfocal.micromanager;

/** A received message breaks the protocol. */
final class MessageException extends Exception {
  private static final long serialVersionUID = 1L;

  MessageException(String message) {
    super(message);
  }
}
