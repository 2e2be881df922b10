package org.parfocal.micromanager;

/** One setting, under the name that the autofocus properties, the settings window and the profile give it. */
enum Setting {
  ADDRESS("Agent address", "tcp://127.0.0.1:5610", "Where the agent takes frames"),
  DEADLINE("Deadline (ms)", "1000", "Longest wait for a verdict, 50 to 60000; then the run goes on without"),
  Z_LOW("Lowest z (um)", "", "Focus is never driven below; without limits nothing is moved"),
  Z_HIGH("Highest z (um)", "", "Focus is never driven above; without limits nothing is moved"),
  MAX_STEP("Longest step (um)", "", "Longest single move; empty: any within the limits"),
  DRY_RUN("Dry run", "no", "Judge and log, but move nothing", "no", "yes"),
  NA("Objective NA", "0", "Numerical aperture; 0: what the agent's configuration says"),
  LOCK("With a focus lock on", "none", "How to move while one (PFS, CRISP ...) is on", "none", "offset", "pause"),
  OFFSET_SCALE("Um per offset unit", "", "How far focus moves when the lock's offset grows by 1"),
  OFFSET_LOW("Lowest offset (um)", "", "Limits of the offset, in um by the scale above"),
  OFFSET_HIGH("Highest offset (um)", "", "Limits of the offset, in um by the scale above"),
  LOCK_TIMEOUT("Lock timeout (ms)", "5000", "Longest wait for the lock to hold again, 100 to 60000"),
  WATCH("Watch acquisitions", "no", "Send every recorded image of each acquisition to be judged", "no", "yes");

  final String label;
  final String initial;
  final String help;
  /** The words to choose from; empty if the value is free. */
  final String[] choices;

  Setting(String label, String initial, String help, String... choices) {
    this.label = label;
    this.initial = initial;
    this.help = help;
    this.choices = choices;
  }

  /** The setting with this label; null if there is none. */
  static Setting ofLabel(String label) {
    for (Setting setting : values()) {
      if (setting.label.equals(label)) {
        return setting;
      }
    }
    return null;
  }
}
