package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PixelsTest {
  @Test
  void sixteenBitsGoLittleEndianAndUnsigned() {
    Pixels pixels = Pixels.copyOf(new short[] {0x0102, (short) 0xFFFE}, 2, 1);
    assertEquals("uint16", pixels.dtype());
    assertArrayEquals(new byte[] {2, 1, (byte) 0xFE, (byte) 0xFF}, pixels.bytes);
  }

  @Test
  void theImageMayChangeAfterwards() {
    byte[] image = {1, 2};
    Pixels pixels = Pixels.copyOf(image, 1, 2);
    image[0] = 9;
    assertEquals("uint8", pixels.dtype());
    assertArrayEquals(new byte[] {1, 2}, pixels.bytes);
  }

  @Test
  void whatIsNoGreyImageOfItsSizeIsRefusedWithWhatItIs() {
    assertTrue(message(new int[4], 2, 2).contains("int[]"));
    assertTrue(message(new byte[16], 2, 2).contains("byte[]"));
    assertTrue(message(null, 2, 2).contains("nothing"));
    assertTrue(message(new byte[0], 0, 2).contains("0 x 2"));
    assertTrue(message(new byte[0], 40_000, 40_000).contains("40000"));
    assertTrue(message(new byte[0], 32_768, 32_768).contains("32768"));
  }

  @Test
  void aLabelOfTheHcsPluginNamesTheWell() {
    Site site = Site.ofLabel("AF48-Site_12");
    assertEquals("AF48", site.well);
    assertEquals(12, site.index);
    assertEquals("AF48-Site_12", site.name);
    for (String other : new String[] {"Pos0", "A0-Site_1", "A1", "a1-Site_1", "A1-Site_x", "1-Pos_000_001"}) {
      assertNull(Site.ofLabel(other).well, other);
    }
  }

  private static String message(Object raw, int width, int height) {
    return assertThrows(IllegalArgumentException.class, () -> Pixels.copyOf(raw, width, height)).getMessage();
  }
}
