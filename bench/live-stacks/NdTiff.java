import java.util.HashMap;
import java.util.Scanner;
import mmcorej.org.json.JSONObject;
import org.micromanager.ndtiffstorage.NDTiffStorage;

/** Writes an NDTiff as Micro-Manager does, an image for each line that it reads: FOLDER SIDE_PX. */
public class NdTiff {
  public static void main(String[] args) throws Exception {
    int side = Integer.parseInt(args[1]);
    NDTiffStorage storage = new NDTiffStorage(args[0], "run", new JSONObject(), 0, 0, false, null, 30, message -> {}, false);
    Scanner lines = new Scanner(System.in);
    for (int n = 1; lines.hasNextLine(); n++) {
      lines.nextLine();
      short[] pixels = new short[side * side];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (short) (1000 + 50 * n + i * 2654435761L % 97);
      }
      HashMap<String, Object> axes = new HashMap<>();
      axes.put("time", n);
      axes.put("channel", "DAPI");
      JSONObject metadata = new JSONObject();
      metadata.put("Axes", new JSONObject(axes));
      storage.putImage(pixels, metadata, axes, false, 16, side, side).get();
      System.out.println(n);
    }
    storage.finishedWriting();
    storage.close();
  }
}
