package org.micromanager.data;

/** One image; grey pixels are a byte[] or a short[], not copied. */
public interface Image {
  Metadata getMetadata();

  Coords getCoords();

  int getWidth();

  int getHeight();

  Object getRawPixels();
}
