package dev.ponder.strategy.http;

import dev.ponder.common.wire.RunEvent;
import dev.ponder.strategy.ServiceTest;
import dev.ponder.strategy.log.Ending;
import dev.ponder.strategy.log.LeasedRun;
import dev.ponder.strategy.log.RunLog;
import dev.ponder.strategy.log.Totals;
import dev.ponder.testing.StreamBattery;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.MediaType;
import org.springframework.r2dbc.core.DatabaseClient;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The streaming battery before the event log, which is what feeds every stream of this service. */
class EventStreamTest extends ServiceTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int BATCH = 500;

  @Autowired private RunLog log;
  @Autowired private DatabaseClient db;
  @Autowired private MeterRegistry registry;

  /** An item is the text of one entry of the log. */
  abstract class Battery extends StreamBattery {
    private String id = "";
    private boolean hanging;

    @AfterEach
    void end() {
      if (hanging) {
        db.sql("delete from strategy.runs where id = :id").bind("id", id).then().block(PATIENCE);
        hanging = false;
      }
    }

    @Override
    protected void play(Script script) {
      id = newRunId();
      LeasedRun run =
          log.create(id, "acme", "best_of_n", "m", "{}", null, "test", Duration.ofMinutes(5))
              .blockOptional()
              .orElseThrow();
      List<RunEvent> batch = new ArrayList<>();
      for (int i = 0; i < script.items(); i++) {
        batch.add(event(i + 1, "told", "sample/" + i, Map.of("text", script.text(i))));
        if (batch.size() == BATCH || i == script.items() - 1) {
          log.append(run.lease(), batch, Totals.ZERO, null).block(PATIENCE);
          batch.clear();
        }
      }
      String end =
          switch (script.end()) {
            case COMPLETE -> "finished";
            case FAIL -> "failed";
            case HANG -> null;
          };
      hanging = end == null;
      if (end != null) {
        Map<String, Object> error = Map.of("message", "m", "type", "server_error");
        log.append(
                run.lease(),
                List.of(event(script.items() + 1, end, null, Map.of("error", error))),
                Totals.ZERO,
                new Ending(end, null, null, null, null))
            .block(PATIENCE);
      }
    }

    private RunEvent event(
        long seq, String type, @Nullable String node, Map<String, Object> payload) {
      return new RunEvent(id, seq, type, node, Instant.EPOCH, payload);
    }

    abstract MediaType mediaType();

    abstract @Nullable JsonNode event(String frame);

    @Override
    protected WebClient.RequestHeadersSpec<?> request() {
      return http("acme").get().uri("/runs/" + id + "/events").accept(mediaType());
    }

    @Override
    protected @Nullable String content(String frame) {
      JsonNode event = event(frame);
      return event == null ? null : event.path("payload").path("text").asString(null);
    }

    @Override
    protected boolean failure(String frame) {
      JsonNode event = event(frame);
      return event != null && event.path("type").asString("").equals("failed");
    }

    @Override
    protected boolean goodEnd(String frame) {
      JsonNode event = event(frame);
      return event != null && event.path("type").asString("").equals("finished");
    }

    /** What reads the log for the client must stop when the client leaves. */
    @Override
    protected Mono<Void> released() {
      return Flux.interval(Duration.ZERO, Duration.ofMillis(10))
          .onBackpressureDrop()
          .filter(tick -> registry.get("ponder.runs.followers").gauge().value() == 0)
          .next()
          .timeout(PATIENCE)
          .then();
    }

    /** The database has it all beforehand; the follower reads a page when the client wants one. */
    @Override
    protected long produced() {
      return -1;
    }

    @Override
    protected Script large() {
      return new Script(4_096, 2_048, End.COMPLETE);
    }
  }

  @Nested
  class AsNdjson extends Battery {
    @Override
    MediaType mediaType() {
      return MediaType.APPLICATION_NDJSON;
    }

    @Override
    protected String separator() {
      return "\n";
    }

    @Override
    @Nullable JsonNode event(String frame) {
      return frame.isBlank() ? null : JSON.readTree(frame);
    }
  }

  @Nested
  class AsServerSentEvents extends Battery {
    @Override
    MediaType mediaType() {
      return MediaType.TEXT_EVENT_STREAM;
    }

    @Override
    @Nullable JsonNode event(String frame) {
      return frame
          .lines()
          .filter(line -> line.startsWith("data:"))
          .map(line -> JSON.readTree(line.substring("data:".length())))
          .findFirst()
          .orElse(null);
    }
  }
}
