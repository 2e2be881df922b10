package org.parfocal.micromanager;

/** How a search for focus ended. */
final class SearchEnd {
  final Site site;
  /** Images that were taken. */
  final int frames;
  /** On the last of them; null if it is unscored. */
  final Verdict verdict;
  /** Why the search was cut short on this side; null if it was not. */
  final String refusal;
  /** What went wrong with the microscope; null if nothing did. */
  final Exception failure;

  SearchEnd(Site site, int frames, Verdict verdict, String refusal, Exception failure) {
    this.site = site;
    this.frames = frames;
    this.verdict = verdict;
    this.refusal = refusal;
    this.failure = failure;
  }

  @Override
  public String toString() {
    String judged = verdict == null ? "no verdict" : verdict.toString();
    String taken = site + ": " + judged + " after " + frames + (frames == 1 ? " image" : " images");
    if (failure != null) {
      return taken + "; failed: " + failure.getMessage();
    }
    return refusal == null ? taken : taken + "; " + refusal;
  }
}
