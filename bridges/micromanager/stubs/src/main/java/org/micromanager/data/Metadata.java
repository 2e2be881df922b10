package org.micromanager.data;

/** What is known of an image; null where it is not. */
public interface Metadata {
  Double getExposureMs();

  Double getPixelSizeUm();

  Double getXPositionUm();

  Double getYPositionUm();

  Double getZPositionUm();

  Integer getBitDepth();

  String getCamera();

  String getPositionName(String defaultPosName);
}
