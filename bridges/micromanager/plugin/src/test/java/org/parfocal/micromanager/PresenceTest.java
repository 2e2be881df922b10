package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PresenceTest {
  private final Presence presence = new Presence(0, 3);

  /** The link listens each half second and hears nothing. */
  private void listens(long fromMs, long untilMs) {
    for (long ms = fromMs; ms <= untilMs; ms += 500) {
      presence.listened(ms);
    }
  }

  @Test
  void aNewConnectionIsGivenThreeSeconds() {
    listens(0, 2500);
    assertTrue(presence.isWorthWaiting(3000));
    assertFalse(presence.isWorthWaiting(3001));
    assertFalse(presence.isHere(0));
  }

  @Test
  void anAgentIsHereUntilItIsSilentForThreeSeconds() {
    presence.isBack(5000);
    listens(5000, 7500);
    assertTrue(presence.isHere(8000));
    assertFalse(presence.isHere(8001));
    assertFalse(presence.isWorthWaiting(8001));
  }

  @Test
  void silenceDoesNotCountWhileTheLinkIsHeldUp() {
    presence.welcomed(0);
    presence.listened(1000);
    assertTrue(presence.isWorthWaiting(60_000));
    assertTrue(presence.isHere(60_000));
    presence.listened(60_000); // and nothing had come yet: of the minute, a second counts
    assertTrue(presence.isWorthWaiting(61_000));
    assertTrue(presence.isHere(61_000));
    presence.listened(61_000);
    assertFalse(presence.isWorthWaiting(61_001));
    assertFalse(presence.isHere(61_001));
  }

  @Test
  void anAgentThatIsSilentStaysSoThoughTheLinkIsHeldUp() {
    presence.welcomed(0);
    listens(0, 2500);
    assertFalse(presence.isWorthWaiting(3001));
    assertFalse(presence.isWorthWaiting(60_000));
    presence.listened(60_000);
    assertFalse(presence.isWorthWaiting(60_000));
    presence.isBack(60_100);
    assertTrue(presence.isWorthWaiting(60_100));
  }

  @Test
  void anAgentThatIsTooSlowIsNotForgivenBecauseTheLinkWasHeldUp() {
    presence.welcomed(0);
    for (int i = 0; i < 6; i++) {
      presence.missed(0); // the fourth of the pauses lasts 8 s
    }
    presence.isBack(6000);
    assertFalse(presence.isWorthWaiting(6000));
    presence.isBack(8000);
    assertTrue(presence.isWorthWaiting(8000));
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
    listens(500, 3500);
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
