package org.parfocal.imagej;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.GenericDialog;
import ij.measure.ResultsTable;
import ij.plugin.PlugIn;
import ij.process.ImageProcessor;

/**
 * Tells how far the open image, or each slice of a stack, is out of focus, and frames its patches: hue is the level, brightness
 * the certainty. Can be recorded as a macro.
 */
public final class FocusQuality implements PlugIn {
  private static final String TITLE = "Parfocal Focus Quality";

  @Override
  public void run(String argument) {
    ImagePlus image = WindowManager.getCurrentImage();
    if (image == null) {
      IJ.noImage();
      return;
    }
    boolean wholeStack = image.getStackSize() > 1;
    boolean paint = true;
    if (!"all".equals(argument)) {
      GenericDialog dialog = new GenericDialog(TITLE);
      if (wholeStack) dialog.addCheckbox("Stack", true);
      dialog.addCheckbox("Overlay", true);
      dialog.showDialog();
      if (dialog.wasCanceled()) return;
      wholeStack = wholeStack && dialog.getNextBoolean();
      paint = dialog.getNextBoolean();
    }
    try {
      judge(image, wholeStack, paint);
    } catch (IllegalArgumentException | ModelException problem) {
      IJ.error(TITLE, problem.getMessage());
    } catch (LinkageError problem) {
      // ImageJ says nothing of a class that is missing.
      IJ.error(TITLE, "Cannot load ONNX Runtime: is onnxruntime-1.19.2.jar in plugins/jars (Fiji: jars)?\n" + reasonOf(problem));
    }
  }

  private static String reasonOf(Throwable problem) {
    return problem.getCause() == null ? problem.toString() : reasonOf(problem.getCause());
  }

  /** Adds a row to the results table for each slice, and frames its patches. Escape ends it; what is judged until then stays. */
  private static void judge(ImagePlus image, boolean wholeStack, boolean paint) throws ModelException {
    FocusModel model = FocusModel.shipped();
    FocusOverlay overlay = new FocusOverlay();
    ResultsTable table = ResultsTable.getResultsTable();
    int first = wholeStack ? 1 : image.getCurrentSlice();
    int last = wholeStack ? image.getStackSize() : first;
    int binning = Sampling.binningOf(image.getCalibration());
    IJ.resetEscape();
    try {
      for (int slice = first; slice <= last && !IJ.escapePressed(); slice++) {
        ImageProcessor pixels = image.getStack().getProcessor(slice);
        if (pixels == null) throw new IllegalArgumentException("Slice " + slice + " cannot be read");
        FrameFocus focus = model.judge(Counts.of(pixels).binned(binning));
        int[] axes = image.isHyperStack() ? image.convertIndexToPosition(slice) : null;
        addRow(table, image, slice, axes, focus);
        if (paint) overlay.add(focus, axes != null ? axes : new int[] {image.getStackSize() > 1 ? slice : 0});
        IJ.showProgress(slice - first + 1, last - first + 1);
      }
    } finally {
      IJ.showProgress(1);
      overlay.showOn(image);
      if (table.size() > 0) table.show("Results");
    }
  }

  /** @param axes channel, slice and time, from 1; null: no hyperstack */
  private static void addRow(ResultsTable table, ImagePlus image, int slice, int[] axes, FrameFocus focus) {
    table.incrementCounter();
    String sliceLabel = image.getStackSize() > 1 ? image.getStack().getShortSliceLabel(slice) : null;
    // As ImageJ's own Measure: the slices of an image sequence are named after their files.
    boolean isLabelled = sliceLabel != null && !sliceLabel.isEmpty();
    table.addLabel(isLabelled ? image.getTitle() + ":" + sliceLabel : image.getTitle());
    table.addValue("Slice", slice);
    if (axes != null) {
      table.addValue("Channel", axes[0]);
      table.addValue("Z", axes[1]);
      table.addValue("Time", axes[2]);
    }
    table.addValue("Focus level", focus.level());
    table.addValue("Focus score", focus.score());
    table.addValue("Focus certainty", focus.certainty());
  }
}
