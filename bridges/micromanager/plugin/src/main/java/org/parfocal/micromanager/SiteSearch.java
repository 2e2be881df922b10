package org.parfocal.micromanager;

import java.util.ArrayList;
import java.util.List;

/** The frames of one site, from the first to the last retry: from the verdict on each to what to do next. */
final class SiteSearch {
  /** Two z closer than this are one, um: a drive reports back what it was told with some rounding. */
  static final double SAME_Z_UM = 0.1;

  private final ZLimits limits;
  private final int maxFrames;
  private final List<Double> zsUm = new ArrayList<>();
  private Verdict last;
  private boolean isJudged;
  private int keep;
  private AbandonReason refusedWhy;
  private String refusal;

  /** @param maxFrames most frames, the first included, whatever the agent asks for. */
  SiteSearch(ZLimits limits, int maxFrames) {
    this.limits = limits;
    this.maxFrames = maxFrames;
  }

  /** The attempt that comes next, from 0. */
  int attempt() {
    return zsUm.size();
  }

  /** The attempt whose frame is the sharpest known, from 0. */
  int keepAttempt() {
    return keep;
  }

  /** Where that was taken, um; null if not known. */
  Double bestZUm() {
    return zsUm.get(keep);
  }

  /** Of the last frame; null if it is unscored. */
  Verdict lastVerdict() {
    return last;
  }

  /** Why the search was cut short; null if it was not. */
  String refusal() {
    return refusal;
  }

  /** Null if the search was not cut short. */
  AbandonReason refusedWhy() {
    return refusedWhy;
  }

  /**
   * Takes in one frame.
   *
   * @param zUm where it was taken, um; null if not known.
   * @param verdict null if it is unscored; the search ends then, at the best z known.
   */
  Step add(Double zUm, Verdict verdict) {
    zsUm.add(zUm);
    last = verdict;
    if (verdict == null) {
      keep = isJudged ? keep : zsUm.size() - 1;
      return refuse(AbandonReason.UNSCORED, "no verdict in time");
    }
    isJudged = true;
    keep = verdict.keepAttempt < zsUm.size() ? verdict.keepAttempt : keep;
    if (verdict.acquireAgain && zsUm.size() >= maxFrames) {
      return refuse(AbandonReason.OTHER, "no more than " + maxFrames + " frames a site");
    }
    Action action = verdict.action;
    if (action == null || action.kind.equals("reacquire")) {
      return Step.stay(verdict.acquireAgain);
    }
    if (action.kind.equals("autofocus")) {
      return Step.autofocus(verdict.acquireAgain);
    }
    if (!action.kind.equals("move-z")) {
      return refuse(AbandonReason.OTHER, "the action " + action.kind + " is not known");
    }
    return move(zUm, action, verdict.acquireAgain);
  }

  /** Ends the search because an action is not, or could not be, executed: back to the best z known. */
  Step refuse(AbandonReason why, String reason) {
    refusedWhy = why;
    refusal = reason;
    Double hereUm = zsUm.get(zsUm.size() - 1);
    Double bestUm = bestZUm();
    boolean isElsewhere = hereUm != null && bestUm != null && Math.abs(bestUm - hereUm) > SAME_Z_UM;
    return isElsewhere ? Step.move(false, bestUm, null) : Step.stay(false);
  }

  private Step move(Double zUm, Action action, boolean isAgain) {
    if (zUm == null) {
      return refuse(AbandonReason.DRIVE, "the z of the drive is not known");
    }
    double toUm = zUm + action.byUm;
    String no = wasAt(toUm) ? null : limits.refusal(zUm, toUm);
    return no == null ? Step.move(isAgain, toUm, stop(zUm, toUm, action.viaUm)) : refuse(AbandonReason.LIMITS, no);
  }

  /** The stop on the way, um; null, that is straight on, if there is none or the limits forbid it. */
  private Double stop(double zUm, double toUm, Double viaUm) {
    if (viaUm == null) {
      return null;
    }
    double stopUm = zUm + viaUm;
    boolean isAllowed = limits.refusal(zUm, stopUm) == null && limits.refusal(stopUm, toUm) == null;
    return isAllowed ? (Double) stopUm : null;
  }

  /** Back to where this site was imaged already is always allowed, however long the way. */
  private boolean wasAt(double toUm) {
    return zsUm.stream().anyMatch(zUm -> zUm != null && Math.abs(zUm - toUm) <= SAME_Z_UM);
  }
}
