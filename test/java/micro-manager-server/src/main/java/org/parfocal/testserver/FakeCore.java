package org.parfocal.testserver;

import java.awt.Rectangle;
import java.util.Map;
import mmcorej.CMMCore;
import mmcorej.Configuration;
import mmcorej.DeviceType;
import mmcorej.DoubleVector;
import mmcorej.StrVector;
import mmcorej.TaggedImage;
import mmcorej.org.json.JSONException;
import mmcorej.org.json.JSONObject;

/**
 * A core without hardware and without the native library: this constructor makes no native call, and every method
 * that a client or the acquisition engine calls is overridden.
 */
public final class FakeCore extends CMMCore {
  private static final String CAMERA = "Camera";
  private static final String Z = "Z";
  private static final String XY = "XY";

  private final Bench bench;
  private final BeadCamera camera;
  private short[] snapped;
  private double snappedZUm;

  FakeCore(Bench bench, long seed) {
    super(0, false);
    this.bench = bench;
    this.camera = new BeadCamera(seed);
  }

  // Camera

  @Override
  public void snapImage() throws Exception {
    bench.enterChecked("snapImage");
    if (bench.live) throw new Exception("Error in device \"Camera\": Camera is busy acquiring images (31)");
    snapped = camera.snap(bench.xUm, bench.yUm, bench.zUm - bench.focusUm, bench.exposureMs);
    snappedZUm = bench.zUm;
  }

  @Override
  public TaggedImage getTaggedImage() throws Exception {
    return getTaggedImage(0);
  }

  @Override
  public TaggedImage getTaggedImage(int cameraChannel) throws Exception {
    bench.enterChecked("getTaggedImage");
    if (snapped == null) throw new Exception("Camera image buffer read failed");
    return new TaggedImage(snapped, tags());
  }

  private JSONObject tags() throws JSONException {
    JSONObject tags = new JSONObject();
    tags.put("Width", BeadCamera.SIDE_PX);
    tags.put("Height", BeadCamera.SIDE_PX);
    tags.put("PixelType", "GRAY16");
    tags.put("BitDepth", BeadCamera.BIT_DEPTH);
    tags.put("Binning", "1");
    tags.put("Camera", CAMERA);
    tags.put("Core-Camera", CAMERA);
    tags.put("ROI", "0-0-" + BeadCamera.SIDE_PX + "-" + BeadCamera.SIDE_PX);
    tags.put("Exposure-ms", bench.exposureMs);
    tags.put("PixelSizeUm", bench.pixelUm);
    tags.put("ZPositionUm", snappedZUm);
    return tags;
  }

  @Override
  public String getCameraDevice() {
    return CAMERA;
  }

  @Override
  public void setCameraDevice(String label) {}

  @Override
  public double getExposure() throws Exception {
    bench.enterChecked("getExposure");
    return bench.exposureMs;
  }

  @Override
  public void setExposure(double exposureMs) {
    bench.exposureMs = exposureMs;
  }

  @Override
  public long getImageWidth() {
    return BeadCamera.SIDE_PX;
  }

  @Override
  public long getImageHeight() {
    return BeadCamera.SIDE_PX;
  }

  @Override
  public long getBytesPerPixel() {
    return 2;
  }

  @Override
  public long getImageBitDepth() {
    return BeadCamera.BIT_DEPTH;
  }

  @Override
  public long getNumberOfComponents() {
    return 1;
  }

  @Override
  public long getNumberOfCameraChannels() {
    return 1;
  }

  @Override
  public Rectangle getROI() {
    return new Rectangle(0, 0, BeadCamera.SIDE_PX, BeadCamera.SIDE_PX);
  }

  @Override
  public boolean isSequenceRunning() {
    return bench.live;
  }

  @Override
  public boolean isSequenceRunning(String cameraLabel) {
    return bench.live;
  }

  @Override
  public void prepareSequenceAcquisition(String cameraLabel) {}

  @Override
  public void clearCircularBuffer() {}

  @Override
  public int getRemainingImageCount() {
    return 0;
  }

  @Override
  public boolean isBufferOverflowed() {
    return false;
  }

  @Override
  public double getPixelSizeUm() {
    return bench.pixelUm;
  }

  @Override
  public double getPixelSizeUm(boolean cached) {
    return bench.pixelUm;
  }

  @Override
  public DoubleVector getPixelSizeAffine() {
    return new Affine(bench.pixelUm);
  }

  @Override
  public DoubleVector getPixelSizeAffine(boolean cached) {
    return new Affine(bench.pixelUm);
  }

  // Focus

  @Override
  public String getFocusDevice() {
    bench.enter("getFocusDevice");
    return Z;
  }

  @Override
  public double getPosition() throws Exception {
    return getPosition(Z);
  }

  @Override
  public double getPosition(String device) throws Exception {
    bench.enterChecked("getPosition");
    return bench.isReversed ? -bench.zUm : bench.zUm;
  }

  @Override
  public void setPosition(double um) throws Exception {
    setPosition(Z, um);
  }

  @Override
  public void setPosition(String device, double um) throws Exception {
    bench.enterChecked("setPosition");
    bench.moveTo(um);
  }

  @Override
  public String getAutoFocusDevice() {
    return bench.coreAutofocus ? "Autofocus" : "";
  }

  @Override
  public void fullFocus() throws Exception {
    bench.enterChecked("fullFocus");
    if (!bench.coreAutofocus) throw new Exception("Autofocus not available");
    bench.moveTo(bench.focusUm + bench.autofocusErrorUm);
  }

  @Override
  public boolean isContinuousFocusEnabled() throws Exception {
    bench.enterChecked("isContinuousFocusEnabled");
    return bench.lock;
  }

  @Override
  public void enableContinuousFocus(boolean enable) {
    bench.lock = enable;
  }

  // XY stage

  @Override
  public String getXYStageDevice() {
    return XY;
  }

  @Override
  public void setXYPosition(String device, double xUm, double yUm) throws Exception {
    bench.enterChecked("setXYPosition");
    bench.xUm = xUm;
    bench.yUm = yUm;
  }

  @Override
  public double getXPosition() {
    return bench.xUm;
  }

  @Override
  public double getYPosition() {
    return bench.yUm;
  }

  @Override
  public double getXPosition(String device) {
    return bench.xUm;
  }

  @Override
  public double getYPosition(String device) {
    return bench.yUm;
  }

  // The rest of what the engine asks

  @Override
  public void waitForDevice(String device) throws Exception {
    bench.enterChecked("waitForDevice");
  }

  @Override
  public void waitForSystem() {}

  @Override
  public String getVersionInfo() {
    return "MMCore version 10.1.1 (test server)";
  }

  @Override
  public String getShutterDevice() {
    return "";
  }

  @Override
  public String getSLMDevice() {
    return "";
  }

  @Override
  public String getGalvoDevice() {
    return "";
  }

  @Override
  public String getImageProcessorDevice() {
    return "";
  }

  @Override
  public boolean isStageSequenceable(String device) {
    return false;
  }

  @Override
  public boolean isXYStageSequenceable(String device) {
    return false;
  }

  @Override
  public boolean isExposureSequenceable(String device) {
    return false;
  }

  @Override
  public boolean isPropertySequenceable(String device, String property) {
    return false;
  }

  @Override
  public Configuration getSystemStateCache() {
    return new NoConfiguration();
  }

  @Override
  public StrVector getLoadedDevicesOfType(DeviceType type) {
    return new NoDevices();
  }

  @Override
  public void logMessage(String message) {
    System.err.println(message);
  }

  @Override
  public void logMessage(String message, boolean debugOnly) {
    System.err.println(message);
  }

  /** For tests of arguments: what arrived, in the order it arrived. */
  public String echo(short[] values) {
    return java.util.Arrays.toString(values);
  }

  public String echo(double[] values) {
    return java.util.Arrays.toString(values);
  }

  public String echo(byte[] values) {
    return java.util.Arrays.toString(values);
  }

  public String echo(String text) {
    return text;
  }

  public double[] doubles() {
    return new double[] {1.5, -2.25};
  }

  public Map<String, String> map() {
    return Map.of("key", "value");
  }

  private static final class Affine extends DoubleVector {
    private final double[] values;

    Affine(double pixelUm) {
      super(0, false);
      values = new double[] {pixelUm, 0, 0, 0, pixelUm, 0};
    }

    @Override
    public long size() {
      return values.length;
    }

    @Override
    public double get(int index) {
      return values[index];
    }
  }

  private static final class NoConfiguration extends Configuration {
    NoConfiguration() {
      super(0, false);
    }

    @Override
    public long size() {
      return 0;
    }
  }

  private static final class NoDevices extends StrVector {
    NoDevices() {
      super(0, false);
    }

    @Override
    public long size() {
      return 0;
    }
  }
}
