package dev.ponder.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients that leave, and clients that wait. */
class LeavingTest {
  private final TestGateway gateway = TestGateway.shared();

  @BeforeEach
  void script() {
    gateway.script();
  }

  @Test
  void leavingAStreamStopsTheModelAndIsPaidFor() {
    gateway.hangsAfter(3);
    int deserted = gateway.model.deserted();
    long before = cancelled();

    gateway.leaveAfter(gateway.chatRequest(",\"stream\":true"), 300);

    gateway.model.untilDeserted(deserted + 1).block();
    gateway.rows(
        "select * from gateway.usage_ledger where status = 'cancelled' and strategy is null"
            + " and prompt_tokens = 12 and completion_tokens = 3 and cached_tokens = 8",
        rows -> rows.size() > before);
  }

  @Test
  void leavingAWholeAnswerStopsTheModelToo() {
    gateway.hangsAfter(3);
    int deserted = gateway.model.deserted();
    int calls = gateway.model.calls("/internal/v1/generate").size();

    CompletableFuture<?> answer = gateway.begin(gateway.chatRequest(""));
    gateway.model.untilCalled("/internal/v1/generate", calls + 1).block();
    answer.cancel(true);

    gateway.model.untilDeserted(deserted + 1).block();
  }

  @Test
  void twelveLeavingClientsLeaveNothingBehind() {
    gateway.hangsAfter(2);
    int deserted = gateway.model.deserted();
    for (int i = 0; i < 12; i++) {
      gateway.leaveAfter(gateway.chatRequest(",\"stream\":true"), 200);
    }
    gateway.model.untilDeserted(deserted + 12).block();
    gateway.script();
    assertThat(gateway.post("/v1/chat/completions", TestGateway.chat("")).status()).isEqualTo(200);
  }

  @Test
  void aSilentStreamIsKeptAlive() {
    gateway.hangsAfter(0);
    int deserted = gateway.model.deserted();
    // The role's chunk is out at once, less than 300 bytes; what is beyond can only be comments.
    byte[] begin = gateway.leaveAfter(gateway.chatRequest(",\"stream\":true"), 300);
    assertThat(new String(begin, StandardCharsets.UTF_8)).contains("\n\n: ping\n\n: ping\n\n");
    gateway.model.untilDeserted(deserted + 1).block();
  }

  private long cancelled() {
    return gateway
        .rows(
            "select * from gateway.usage_ledger where status = 'cancelled' and strategy is null"
                + " and prompt_tokens = 12 and completion_tokens = 3 and cached_tokens = 8",
            rows -> true)
        .size();
  }
}
