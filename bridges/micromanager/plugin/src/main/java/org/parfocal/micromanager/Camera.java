package org.parfocal.micromanager;

import mmcorej.CMMCore;
import mmcorej.TaggedImage;

/** Takes single images with the camera of the core. */
final class Camera {
  private final CMMCore core;

  Camera(CMMCore core) {
    this.core = core;
  }

  /** Takes one image; of several cameras, the first one's. */
  Pixels snap() throws Exception {
    core.waitForSystem();
    core.snapImage();
    TaggedImage image = core.getTaggedImage();
    int width = image.tags.optInt("Width", (int) core.getImageWidth());
    int height = image.tags.optInt("Height", (int) core.getImageHeight());
    return Pixels.copyOf(image.pix, width, height);
  }
}
