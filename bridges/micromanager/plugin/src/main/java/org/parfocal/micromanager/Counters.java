package org.parfocal.micromanager;

/** What became of the frames of one client. */
final class Counters {
  /** Left for the agent. */
  long sent;
  /** Got a verdict, in time if somebody waited. */
  long scored;
  /** Somebody waited in vain. */
  long unscored;
  /** Observed frames that were never sent, or that the agent skipped. */
  long dropped;
  /** Messages of the agent that report an error or cannot be read. */
  long errors;
  /** Verdicts that came after the wait. */
  long late;

  Counters copy() {
    Counters copy = new Counters();
    copy.sent = sent;
    copy.scored = scored;
    copy.unscored = unscored;
    copy.dropped = dropped;
    copy.errors = errors;
    copy.late = late;
    return copy;
  }

  @Override
  public String toString() {
    return sent + " frames sent, " + scored + " scored, " + unscored + " unscored, " + dropped + " dropped, " + errors
        + " errors, " + late + " late";
  }
}
