package org.parfocal.micromanager;

import java.lang.reflect.Proxy;
import java.util.function.Function;
import org.micromanager.data.Coords;
import org.micromanager.data.Image;
import org.micromanager.data.Metadata;

/** An image with all that Micro-Manager says of one, or ({@link #isBare}) with as little as it may. */
final class FakeImage {
  int t;
  int z;
  int p = 4;
  int c;
  /** What an index reads that Micro-Manager left out: 0, or -1 in its older versions. */
  int missingReads;
  double xUm = 1200.5;
  double zUm;
  String label = "Pos0";
  boolean isBare;
  /** Done before pixels are given. */
  Runnable beforePixels = () -> {};
  private final Object pixels;
  private final int width;
  private final int height;

  FakeImage(Object pixels, int width, int height) {
    this.pixels = pixels;
    this.width = width;
    this.height = height;
  }

  Image image() {
    return of(Image.class, method -> switch (method) {
      case "getWidth" -> width;
      case "getHeight" -> height;
      case "getRawPixels" -> {
        beforePixels.run();
        yield pixels;
      }
      case "getCoords" -> of(Coords.class, this::coords);
      case "getMetadata" -> of(Metadata.class, this::metadata);
      default -> throw new AssertionError(method);
    });
  }

  private Object coords(String method) {
    return switch (method) {
      case "getT" -> read(t);
      case "getZ" -> read(z);
      case "getC" -> read(c);
      case "getP" -> read(p);
      case "hasT" -> t > 0;
      case "hasZ" -> z > 0;
      case "hasC" -> c > 0;
      case "hasP" -> p > 0;
      default -> throw new AssertionError(method);
    };
  }

  /** As in Micro-Manager: an axis at its first index is left out. */
  private int read(int index) {
    return index > 0 ? index : missingReads;
  }

  private Object metadata(String method) {
    if (isBare) {
      return method.equals("getPositionName") ? "" : null;
    }
    return switch (method) {
      case "getPositionName" -> label;
      case "getXPositionUm" -> xUm;
      case "getYPositionUm" -> -340.0;
      case "getZPositionUm" -> zUm;
      case "getPixelSizeUm" -> Beads.PIXEL_UM;
      case "getExposureMs" -> 20.0;
      case "getBitDepth" -> 16;
      case "getCamera" -> "Cam";
      default -> throw new AssertionError(method);
    };
  }

  /** Answers each method of an interface by its name. */
  static <T> T of(Class<T> type, Function<String, Object> answers) {
    return type.cast(Proxy.newProxyInstance(
        type.getClassLoader(), new Class<?>[] {type}, (proxy, method, args) -> answers.apply(method.getName())));
  }
}
