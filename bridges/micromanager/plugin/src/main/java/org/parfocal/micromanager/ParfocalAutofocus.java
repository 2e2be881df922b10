package org.parfocal.micromanager;

import ij.process.ImageProcessor;
import org.micromanager.AutofocusPlugin;
import org.micromanager.Studio;
import org.micromanager.internal.utils.PropertyItem;
import org.scijava.plugin.Plugin;
import org.scijava.plugin.SciJavaPlugin;

/**
 * The autofocus method "Parfocal": an agent judges how far out of focus an image is, and the focus drive follows until
 * it is sharp.
 *
 * <p>{@link #fullFocus} throws only where the microscope failed (camera, drive, focus lock) and no acquisition runs:
 * in one, some versions of Micro-Manager send the drive to 0 after an autofocus that threw, so that there the failure
 * is in the log alone. An agent that is absent or slow is no failure; nothing is moved then.
 */
@Plugin(type = AutofocusPlugin.class)
public final class ParfocalAutofocus implements AutofocusPlugin, SciJavaPlugin {
  private static final double MAX_LEVEL = 10;

  private Parfocal parfocal;
  private volatile SearchEnd last;

  @Override
  public void setContext(Studio studio) {
    parfocal = Parfocal.of(studio);
  }

  @Override
  public String getName() {
    return "Parfocal";
  }

  @Override
  public String getHelpText() {
    return "Brings a site into focus as the Parfocal agent says, within the z limits.";
  }

  @Override
  public String getVersion() {
    return Parfocal.VERSION;
  }

  @Override
  public String getCopyright() {
    return Parfocal.COPYRIGHT;
  }

  /** Connects, so that the agent is known before the first search. */
  @Override
  public void initialize() {
    parfocal.client();
  }

  /** Nothing to do: each property is used as soon as it is set. */
  @Override
  public void applySettings() {}

  @Override
  public void saveSettings() {
    parfocal.save();
  }

  /**
   * Searches for focus where the stage stands.
   *
   * @return z of the focus drive afterwards, um; NaN if it does not say.
   */
  @Override
  public double fullFocus() throws Exception {
    return focus(false);
  }

  /** Judges one image and makes the one move that the agent asks for; else as {@link #fullFocus}. */
  @Override
  public double incrementalFocus() throws Exception {
    return focus(true);
  }

  /** Images that the last search took. */
  @Override
  public int getNumberOfImages() {
    SearchEnd end = last;
    return end == null ? 0 : end.frames;
  }

  /** How the last search ended. */
  @Override
  public String getVerboseStatus() {
    SearchEnd end = last;
    return end == null ? "No search yet" : end.toString();
  }

  @Override
  public PropertyItem[] getProperties() {
    return AutofocusProperties.items(getName(), parfocal.settings());
  }

  @Override
  public String[] getPropertyNames() {
    return AutofocusProperties.names();
  }

  @Override
  public PropertyItem getProperty(String key) throws Exception {
    return AutofocusProperties.item(getName(), AutofocusProperties.setting(key), parfocal.settings());
  }

  @Override
  public void setProperty(PropertyItem item) throws Exception {
    setPropertyValue(item.name, item.value);
  }

  @Override
  public String getPropertyValue(String name) throws Exception {
    return parfocal.settings().text(AutofocusProperties.setting(name));
  }

  @Override
  public void setPropertyValue(String name, String value) throws Exception {
    parfocal.use(parfocal.settings().with(AutofocusProperties.setting(name), value));
  }

  /** As {@link #computeScore}, of an image that is taken now. Nothing is moved. */
  @Override
  public double getCurrentFocusScore() {
    try {
      return score(parfocal.microscope().camera().snap());
    } catch (Exception e) {
      parfocal.log.warn("no image to judge: " + e.getMessage(), e);
      return Double.NaN;
    }
  }

  /** Sharpness of an image, 10 (in focus) to 0: 10 less its level; NaN if the agent gives no verdict in time. */
  @Override
  public double computeScore(ImageProcessor image) {
    try {
      return score(Pixels.copyOf(image.getPixels(), image.getWidth(), image.getHeight()));
    } catch (Exception e) {
      parfocal.log.warn("the image was not judged: " + e.getMessage(), e);
      return Double.NaN;
    }
  }

  @Override
  public void enableContinuousFocus(boolean enable) {
    if (enable) {
      throw new UnsupportedOperationException("Parfocal is no focus lock");
    }
  }

  @Override
  public boolean isContinuousFocusEnabled() {
    return false;
  }

  @Override
  public boolean isContinuousFocusLocked() {
    return false;
  }

  private double focus(boolean isOneStep) throws Exception {
    Microscope microscope = parfocal.microscope();
    Settings settings = parfocal.settings();
    SearchEnd end =
        new RefocusLoop(microscope, parfocal.client(), settings, parfocal.timePoints(), parfocal.log).run(isOneStep);
    last = end;
    if (end.failure != null && !parfocal.isAcquisitionRunning()) {
      throw end.failure;
    }
    return microscope.driveZUm();
  }

  private double score(Pixels pixels) throws DriveException {
    Settings settings = parfocal.settings();
    Microscope microscope = parfocal.microscope();
    FrameHeader header = microscope.describe(0, microscope.axis(settings), settings);
    Verdict verdict = parfocal.client().score(pixels, header, Mode.OBSERVE, settings.deadlineMs);
    return verdict == null ? Double.NaN : MAX_LEVEL - verdict.expectedLevel;
  }
}
