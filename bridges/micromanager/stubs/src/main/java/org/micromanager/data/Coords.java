package org.micromanager.data;

/** Place of an image among those of its acquisition, from 0. An axis is missing where its index is 0, and reads 0 (-1 before 2.0.0). */
public interface Coords {
  int getC();

  int getT();

  int getZ();

  int getP();

  boolean hasT();

  boolean hasP();

  boolean hasZ();

  boolean hasC();
}
