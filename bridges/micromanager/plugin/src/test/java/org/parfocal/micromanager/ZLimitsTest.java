package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ZLimitsTest {
  private final ZLimits limits = new ZLimits(-10, 20, 5);

  @Test
  void aMoveToEitherLimitIsAllowedAndOneBeyondIsNot() {
    assertNull(limits.refusal(-8.0, -10));
    assertNull(limits.refusal(16.0, 20));
    assertEquals("z 20.010 um is outside the limits, -10.0 to 20.0 um", limits.refusal(19.0, 20.01));
    assertNotNull(limits.refusal(-9.0, -10.01));
  }

  @Test
  void aStepThatIsTooLongIsNotAllowed() {
    assertNull(limits.refusal(0.0, 5));
    assertNotNull(limits.refusal(0.0, 5.01));
    assertNotNull(limits.refusal(0.0, -5.01));
  }

  @Test
  void whatIsNoPositionIsNotAllowed() {
    assertNotNull(limits.refusal(null, 0));
    assertNotNull(limits.refusal(Double.NaN, 0));
    assertNotNull(limits.refusal(0.0, Double.NaN));
    assertNotNull(limits.refusal(0.0, Double.POSITIVE_INFINITY));
  }

  @Test
  void whatIsNoRangeCannotBeMade() {
    assertThrows(IllegalArgumentException.class, () -> new ZLimits(1, 1, 5));
    assertThrows(IllegalArgumentException.class, () -> new ZLimits(Double.NaN, 1, 5));
    assertThrows(IllegalArgumentException.class, () -> new ZLimits(0, Double.POSITIVE_INFINITY, 5));
    assertThrows(IllegalArgumentException.class, () -> new ZLimits(0, 1, 0));
  }
}
