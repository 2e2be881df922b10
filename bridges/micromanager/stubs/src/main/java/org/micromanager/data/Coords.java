package org.micromanager.data;

/** Place of an image among those of its acquisition, from 0; an axis that is missing reads 0. */
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
