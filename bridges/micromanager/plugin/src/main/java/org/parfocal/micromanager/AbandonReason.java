package org.parfocal.micromanager;

import java.util.Locale;

/** Why a site ended without the agent. */
enum AbandonReason {
  /** A move would leave the limits. */
  LIMITS,
  /** The drive refused, or its z is not known. */
  DRIVE,
  /** A focus lock forbids the move, or did not come back after it. */
  LOCK,
  /** The microscope's own autofocus failed. */
  AUTOFOCUS,
  CANCELLED,
  OTHER,
  /** No verdict came in time. */
  UNSCORED,
  /** The camera gave no image. */
  NO_FRAME;

  /** As the protocol writes it. */
  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
