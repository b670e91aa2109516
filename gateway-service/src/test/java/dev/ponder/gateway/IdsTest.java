package dev.ponder.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class IdsTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00.123Z");

  private final Ids ids = new Ids(Clock.fixed(NOW, ZoneOffset.UTC), new SplittableRandom(1));

  @Test
  void uuidsAreOfVersionSevenAndTellTheTime() {
    Set<UUID> seen = new HashSet<>();
    for (int i = 0; i < 1_000; i++) {
      UUID id = ids.uuid7();
      assertThat(id.version()).isEqualTo(7);
      assertThat(id.variant()).isEqualTo(2);
      assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(NOW.toEpochMilli());
      assertThat(seen.add(id)).isTrue();
    }
  }

  @Test
  void eachKindHasItsMark() {
    assertThat(ids.request()).matches("req_[0-9a-f-]{36}");
    assertThat(ids.run()).matches("run_[0-9a-f-]{36}");
    assertThat(ids.chat()).matches("chatcmpl-[0-9a-f]{32}");
    assertThat(ids.completion()).matches("cmpl-[0-9a-f]{32}");
  }
}
