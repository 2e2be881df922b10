package org.parfocal.micromanager;

/** What to do after a frame: move or autofocus if asked, then acquire again or not. */
final class Step {
  final boolean isAgain;
  /** Where to move, um; null: nowhere. */
  final Double toUm;
  /** A stop on the way, um; null: none. */
  final Double viaUm;
  final boolean isAutofocus;

  private Step(boolean isAgain, Double toUm, Double viaUm, boolean isAutofocus) {
    this.isAgain = isAgain;
    this.toUm = toUm;
    this.viaUm = viaUm;
    this.isAutofocus = isAutofocus;
  }

  static Step stay(boolean isAgain) {
    return new Step(isAgain, null, null, false);
  }

  static Step move(boolean isAgain, double toUm, Double viaUm) {
    return new Step(isAgain, toUm, viaUm, false);
  }

  static Step autofocus(boolean isAgain) {
    return new Step(isAgain, null, null, true);
  }
}
