package dev.ponder.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.auth.InternalTokens;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.GenerateRequest;
import dev.ponder.common.wire.Sampling;
import dev.ponder.engine.RealModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.client.WebClient;

/** The service as it is started, with the model it is started with. */
@Tag("real-model")
class RealModelTest {
  private static final String MODEL = "smollm2-135m-instruct";

  @Test
  void answersARealQuestion(@TempDir Path folder) throws IOException {
    Files.createSymbolicLink(folder.resolve(MODEL + ".gguf"), RealModel.file().toAbsolutePath());
    try (ConfigurableApplicationContext service =
        ModelService.start(
            "--server.port=0",
            "--server.address=127.0.0.1",
            "--ponder.internal.secret=" + ModelServiceTest.SECRET,
            "--ponder.model.dir=" + folder)) {
      int port = service.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
      String token =
          new InternalTokens(ModelServiceTest.SECRET)
              .sign(new Caller("tests", "req-1", 0), System.currentTimeMillis());
      List<GenerateEvent> events =
          WebClient.create("http://127.0.0.1:" + port)
              .post()
              .uri("/internal/v1/generate")
              .header(Caller.HEADER, token)
              .contentType(MediaType.APPLICATION_JSON)
              .bodyValue(
                  GenerateRequest.chat(
                      MODEL,
                      List.of(new ChatMessage("user", "What is the capital of France?")),
                      1,
                      40,
                      null,
                      Sampling.greedy()))
              .retrieve()
              .bodyToFlux(GenerateEvent.class)
              .collectList()
              .blockOptional(Duration.ofMinutes(5))
              .orElseThrow();
      Answer answer = new Answer(events);
      assertThat(answer.text(0)).contains("Paris");
      assertThat(answer.text(0).toLowerCase(Locale.ROOT)).doesNotContain("<|im_end|>");
      assertThat(answer.finished(0).reason()).isEqualTo("stop");
      assertThat(answer.started().promptTokens()).isGreaterThan(20);
    }
  }
}
