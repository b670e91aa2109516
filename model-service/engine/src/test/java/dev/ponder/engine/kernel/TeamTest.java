package dev.ponder.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TeamTest {
  /** More members than cores: most waits end in parking. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void everyMemberSeesWhatOthersWroteBeforeTheBarrier(int size) {
    try (Team team = new Team(size, "test")) {
      int[] written = new int[size];
      AtomicInteger wrong = new AtomicInteger();
      for (int job = 1; job <= 50; job++) {
        int base = job * 100;
        team.run(member -> {
          for (int round = 0; round < 20; round++) {
            written[member] = base + round;
            team.sync(member);
            for (int other : written) {
              if (other != base + round) {
                wrong.incrementAndGet();
              }
            }
            team.sync(member);
          }
        });
      }
      assertThat(wrong).hasValue(0);
    }
  }

  @Test
  void aFailureReachesTheCallerAndTheTeamStaysUsable() {
    try (Team team = new Team(3, "test")) {
      for (int failing = 0; failing < 3; failing++) {
        int who = failing;
        assertThatThrownBy(() ->
                team.run(member -> {
                  team.sync(member);
                  if (member == who) {
                    throw new IllegalArgumentException("member " + who);
                  }
                  team.sync(member);
                  team.sync(member);
                }))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("member " + who);
        AtomicInteger ran = new AtomicInteger();
        team.run(member -> {
          ran.incrementAndGet();
          team.sync(member);
        });
        assertThat(ran).hasValue(3);
      }
    }
  }

  @Test
  void closingEndsItsThreads() throws InterruptedException {
    Team team = new Team(3, "closing");
    team.run(member -> {});
    team.close();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("closing-")) {
        assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
      }
    }
    assertThatThrownBy(() -> team.run(member -> {})).isInstanceOf(IllegalStateException.class);
  }
}
