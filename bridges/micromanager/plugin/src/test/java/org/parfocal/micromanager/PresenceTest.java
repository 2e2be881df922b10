package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PresenceTest {
  private final Presence presence = new Presence(0, 3);

  @Test
  void aNewConnectionIsGivenThreeSeconds() {
    assertTrue(presence.isWorthWaiting(3000));
    assertFalse(presence.isWorthWaiting(3001));
    assertFalse(presence.isHere(0));
  }

  @Test
  void anAgentIsHereUntilItIsSilentForThreeSeconds() {
    presence.isBack(5000);
    assertTrue(presence.isHere(8000));
    assertFalse(presence.isHere(8001));
    assertFalse(presence.isWorthWaiting(8001));
  }

  @Test
  void threeMissesInARowPauseTheWaitOneSecondThenTwoThenFour() {
    presence.isBack(0);
    presence.missed(0);
    presence.missed(0);
    assertTrue(presence.isWorthWaiting(0));
    presence.missed(0);
    assertFalse(presence.isWorthWaiting(999));
    assertTrue(presence.isWorthWaiting(1000));
    presence.missed(1000);
    assertFalse(presence.isWorthWaiting(2999));
    assertTrue(presence.isWorthWaiting(3000));
    for (int i = 0; i < 20; i++) {
      presence.isBack(100_000);
      presence.missed(100_000);
    }
    for (long ms = 101_000; ms < 130_000; ms += 1000) {
      presence.isBack(ms);
    }
    assertFalse(presence.isWorthWaiting(129_999));
    assertTrue(presence.isWorthWaiting(130_000));
  }

  @Test
  void anAnswerForgetsTheMisses() {
    presence.isBack(0);
    presence.missed(0);
    presence.missed(0);
    presence.answered();
    presence.missed(0);
    presence.missed(0);
    assertTrue(presence.isWorthWaiting(0));
  }

  @Test
  void welcomeForgivesAtOnceAndAHeartbeatAfterSilence() {
    for (int i = 0; i < 3; i++) {
      presence.missed(0);
    }
    presence.welcomed(10);
    assertTrue(presence.isWorthWaiting(10));
    for (int i = 0; i < 3; i++) {
      presence.missed(10);
    }
    presence.isBack(20);
    assertFalse(presence.isWorthWaiting(20), "one that is there but slow is not forgiven for a heartbeat");
    presence.isBack(5000);
    assertTrue(presence.isWorthWaiting(5000));
  }

  @Test
  void afterByeALateAnswerDoesNotBringTheAgentBack() {
    presence.isBack(0);
    presence.left();
    presence.heard(1);
    assertFalse(presence.isWorthWaiting(1));
    presence.isBack(2);
    assertTrue(presence.isWorthWaiting(2));
  }
}
