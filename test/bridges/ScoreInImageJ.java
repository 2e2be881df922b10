import ij.IJ;
import ij.ImagePlus;
import ij.ImageStack;
import ij.VirtualStack;
import ij.WindowManager;
import ij.gui.Overlay;
import ij.gui.Roi;
import ij.macro.Interpreter;
import ij.measure.ResultsTable;
import ij.process.ImageProcessor;
import java.awt.Color;
import java.awt.event.KeyEvent;
import java.io.File;
import java.util.Arrays;

/** Runs the plugin in ImageJ without a window on each image of a folder, and on stacks of the first ones; prints JSON lines. */
public final class ScoreInImageJ {
  public static void main(String[] arguments) {
    Interpreter.batchMode = true;
    File[] files = new File(arguments[0]).listFiles();
    Arrays.sort(files);
    for (File file : files) print(file.getName(), judged(IJ.openImage(file.getPath())));
    ImagePlus first = IJ.openImage(files[0].getPath());
    ImageStack slices = new ImageStack(first.getWidth(), first.getHeight());
    slices.addSlice("file_1.tif", first.getProcessor());
    slices.addSlice(first.getProcessor().convertToByteProcessor(true));
    print("stack", judged(new ImagePlus("stack", slices)));
    print("hyperstack", judged(hyperstack(first)));
    ImagePlus oversampled = first.duplicate();
    oversampled.getCalibration().setUnit("micron");
    oversampled.getCalibration().pixelWidth = 0.108;
    print("oversampled", judged(oversampled));
    ImagePlus ratio = first.duplicate();
    ratio.setProcessor(first.getProcessor().convertToFloat());
    ratio.getProcessor().multiply(1 / 65535.0);
    ratio.getProcessor().setf(0, Float.NaN);
    print("float", judged(ratio));
    ratio.getProcessor().setf(1, 1e6f);
    ratio.getProcessor().setf(2, 1e7f);
    print("hot pixels", judged(ratio));
    Roi note = new Roi(1, 1, 5, 5);
    note.setStrokeColor(Color.WHITE);
    first.setOverlay(new Overlay(note));
    judged(first);
    print("annotated", judged(first));
    print("escape", judged(new ImagePlus("escape", new Interrupted(first.getProcessor()))));
    ImagePlus grey8 = new ImagePlus("grey8", first.getProcessor().convertToByteProcessor(true));
    print("grey8", judged(grey8));
    print("colours", judged(new ImagePlus("colours", grey8.getProcessor().convertToRGB())));
  }

  /** Two channels, one slice, two times. */
  private static ImagePlus hyperstack(ImagePlus image) {
    ImageStack slices = new ImageStack(image.getWidth(), image.getHeight());
    for (int i = 0; i < 4; i++) slices.addSlice(image.getProcessor().duplicate());
    ImagePlus hyperstack = new ImagePlus("hyperstack", slices);
    hyperstack.setDimensions(2, 1, 2);
    hyperstack.setOpenAsHyperStack(true);
    return hyperstack;
  }

  /** Three slices; somebody presses Escape while the second one is read. */
  private static final class Interrupted extends VirtualStack {
    private final ImageProcessor slice;

    Interrupted(ImageProcessor slice) {
      super(slice.getWidth(), slice.getHeight());
      this.slice = slice;
    }

    @Override
    public int getSize() {
      return 3;
    }

    @Override
    public ImageProcessor getProcessor(int number) {
      if (number == 2) IJ.setKeyDown(KeyEvent.VK_ESCAPE);
      return slice;
    }

    @Override
    public String getSliceLabel(int number) {
      return null;
    }
  }

  private static ImagePlus judged(ImagePlus image) {
    ResultsTable.getResultsTable().reset();
    WindowManager.setTempCurrentImage(image);
    IJ.runPlugIn("org.parfocal.imagej.FocusQuality", "all");
    return image;
  }

  private static void print(String name, ImagePlus image) {
    ResultsTable table = ResultsTable.getResultsTable();
    StringBuilder patches = new StringBuilder();
    for (Roi patch : image.getOverlay().toArray()) {
      if (patches.length() > 0) patches.append(',');
      int rgb = patch.getStrokeColor().getRGB();
      patches.append(
          String.format(
              "[%d,%d,%d,%d,%d,%d,%d,%d,%d]",
              patch.getBounds().x, patch.getBounds().y, rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255, patch.getPosition(),
              patch.getCPosition(), patch.getZPosition(), patch.getTPosition()));
    }
    for (int row = 0; row < table.size(); row++) {
      System.out.printf(
          "{\"file\":\"%s\",\"label\":\"%s\",\"slice\":%d,\"channel\":%d,\"time\":%d,\"level\":%f,\"score\":%d,\"certainty\":%f,\"patches\":[%s]}%n",
          name,
          table.getLabel(row),
          (int) table.getValue("Slice", row),
          table.columnExists("Channel") ? (int) table.getValue("Channel", row) : 0,
          table.columnExists("Time") ? (int) table.getValue("Time", row) : 0,
          table.getValue("Focus level", row),
          (int) table.getValue("Focus score", row),
          table.getValue("Focus certainty", row),
          patches);
    }
  }
}
