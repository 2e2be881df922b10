package org.parfocal.micromanager;

/** Looks for focus where the stage stands: takes an image, has it judged, does what the agent says, and again. */
final class RefocusLoop {
  /** Most images of one search, whatever the agent asks for. */
  static final int MAX_FRAMES = 8;

  private final Microscope microscope;
  private final FocusClient client;
  private final Settings settings;
  private final TimePoints timePoints;
  private final Log log;

  /** @param timePoints of the acquisition that runs; null if none does. */
  RefocusLoop(Microscope microscope, FocusClient client, Settings settings, TimePoints timePoints, Log log) {
    this.timePoints = timePoints;
    this.microscope = microscope;
    this.client = client;
    this.settings = settings;
    this.log = log;
  }

  /**
   * Searches until the agent asks for no more. Without limits, and in a dry run, one image is judged and nothing moves.
   * Throws nothing; {@link SearchEnd#failure} says what went wrong.
   *
   * @param isOneStep does what the agent says after the first image, and no more.
   */
  SearchEnd run(boolean isOneStep) {
    SearchEnd end;
    try {
      microscope.await();
      FocusAxis axis = microscope.axis(settings);
      end = settings.whyOnlyObserving() != null ? observe(axis) : search(axis, isOneStep);
    } catch (Throwable e) {
      end = notBegun(asException(e));
    }
    if (end.failure == null) {
      log.info(end.toString());
    } else {
      log.warn(end.toString(), end.failure);
    }
    return end;
  }

  /** Errors, too: no memory for an image, or a method that this Micro-Manager lacks, must not end an acquisition. */
  private static Exception asException(Throwable failure) {
    return failure instanceof Exception ? (Exception) failure : new IllegalStateException(failure.toString(), failure);
  }

  /** The microscope failed before there was an image to judge. */
  private SearchEnd notBegun(Exception failure) {
    FrameHeader header = microscope.place(0);
    if (settings.whyOnlyObserving() == null) {
      if (timePoints != null) {
        timePoints.focuses(header);
      }
      AbandonReason why = failure instanceof DriveException ? ((DriveException) failure).why : AbandonReason.NO_FRAME;
      client.abandon(header, why, "no image to judge was taken: " + failure.getMessage());
    }
    return new SearchEnd(header.site, 0, null, null, failure);
  }

  /** Judges one image and moves nothing. */
  private SearchEnd observe(FocusAxis axis) throws Exception {
    Pixels pixels = microscope.camera().snap();
    FrameHeader header = first(axis);
    Verdict verdict = client.score(pixels, header, Mode.OBSERVE, settings.deadlineMs);
    return new SearchEnd(header.site, 1, verdict, settings.whyOnlyObserving() + ", nothing is moved", null);
  }

  private SearchEnd search(FocusAxis axis, boolean isOneStep) throws Exception {
    SiteSearch search = new SiteSearch(axis.limits(), MAX_FRAMES);
    FrameHeader header = first(axis);
    Double plannedZUm = header.zUm;
    Integer timeIndex = header.timeIndex;
    Exception failure = null;
    Step step;
    do {
      Pixels pixels;
      try {
        pixels = microscope.camera().snap();
      } catch (Throwable e) {
        return cameraFailed(axis, search, header, asException(e));
      }
      header = microscope.describe(search.attempt(), axis, settings);
      header.plannedZUm = plannedZUm;
      header.timeIndex = timeIndex;
      step = search.add(header.zUm, client.score(pixels, header, Mode.GATE, settings.deadlineMs));
      try {
        execute(step, axis);
      } catch (DriveException e) {
        failure = e;
        search.refuse(e.why, e.getMessage());
        goBack(search, axis);
        step = Step.stay(false);
      }
      if (isOneStep && step.isAgain) {
        search.refuse(AbandonReason.CANCELLED, "only one step was asked for");
        step = Step.stay(false);
      }
    } while (step.isAgain);
    if (search.refusal() != null) {
      client.abandon(header, search.refusedWhy(), search.refusal());
    }
    return new SearchEnd(header.site, search.attempt(), search.lastVerdict(), search.refusal(), failure);
  }

  /** What is said of the first image. */
  private FrameHeader first(FocusAxis axis) {
    FrameHeader header = microscope.describe(0, axis, settings);
    if (timePoints != null) {
      timePoints.focuses(header);
    }
    return header;
  }

  private void execute(Step step, FocusAxis axis) throws DriveException {
    if (step.isAutofocus) {
      if (!(axis instanceof FocusDrive)) {
        throw new DriveException(AbandonReason.LOCK, "a focus lock is engaged: no autofocus beside it");
      }
      microscope.autofocus();
      Double zUm = axis.zUm();
      String refusal = zUm == null ? null : axis.limits().refusal(zUm, zUm);
      if (refusal != null) {
        throw new DriveException(AbandonReason.AUTOFOCUS, "after autofocus, " + refusal);
      }
    } else if (step.toUm != null) {
      axis.moveTo(step.toUm, step.viaUm);
    }
  }

  /** Back to the best z known, from wherever a failure left the drive. */
  private void goBack(SiteSearch search, FocusAxis axis) {
    Double bestUm = search.bestZUm();
    Double hereUm = axis.zUm();
    boolean isThere = bestUm == null || hereUm == null || Math.abs(bestUm - hereUm) <= SiteSearch.SAME_Z_UM;
    try {
      if (!isThere) {
        axis.moveTo(bestUm, null);
      }
    } catch (DriveException e) {
      log.warn("the way back to " + bestUm + " um failed, too: " + e.getMessage(), e);
    }
  }

  private SearchEnd cameraFailed(FocusAxis axis, SiteSearch search, FrameHeader header, Exception failure) {
    String reason = "the camera gave no image to judge: " + failure.getMessage();
    if (search.attempt() > 0) {
      goBack(search, axis);
    }
    client.abandon(header, AbandonReason.NO_FRAME, reason);
    return new SearchEnd(header.site, search.attempt(), search.lastVerdict(), reason, failure);
  }
}
