package org.parfocal.imagej;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.util.Collections;

/** Parfocal's network, from counts to what each patch and the whole frame say. */
final class FocusModel {
  private static FocusModel shipped;

  private final OrtEnvironment environment;
  private final OrtSession session;

  private FocusModel(byte[] onnx) throws IOException, OrtException {
    environment = OrtEnvironment.getEnvironment();
    session = environment.createSession(FloatInput.of(onnx));
  }

  /** The network in this jar, loaded once. */
  static synchronized FocusModel shipped() throws ModelException {
    if (shipped == null) {
      try (InputStream file = FocusModel.class.getResourceAsStream("model.onnx")) {
        if (file == null) throw new IOException("model.onnx is not in the plugin's jar");
        shipped = new FocusModel(bytesOf(file));
      } catch (IOException | OrtException cause) {
        throw new ModelException("Cannot load the network", cause);
      }
    }
    return shipped;
  }

  FrameFocus judge(Counts counts) throws ModelException {
    long[] shape = {counts.height, counts.width};
    try (OnnxTensor frame = OnnxTensor.createTensor(environment, FloatBuffer.wrap(counts.values), shape);
        OrtSession.Result answer = session.run(Collections.singletonMap("frame", frame))) {
      return new FrameFocus(
          counts,
          (float[][][]) answer.get("probabilities").get().getValue(),
          (float[][]) answer.get("certainty").get().getValue(),
          (float[][]) answer.get("structure").get().getValue(),
          ((float[]) answer.get("frame_certainties").get().getValue())[0]);
    } catch (OrtException cause) {
      throw new ModelException("Cannot run the network", cause);
    }
  }

  private static byte[] bytesOf(InputStream file) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] part = new byte[1 << 16];
    for (int read = file.read(part); read >= 0; read = file.read(part)) bytes.write(part, 0, read);
    return bytes.toByteArray();
  }
}
