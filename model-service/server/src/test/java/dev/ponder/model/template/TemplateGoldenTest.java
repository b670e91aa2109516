package dev.ponder.model.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.common.wire.ChatMessage;
import dev.ponder.engine.RealModel;
import dev.ponder.engine.gguf.GgufFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Equal to what Jinja itself renders; {@code make_goldens.py} says how that was made. */
class TemplateGoldenTest {
  static final Clock CLOCK = Clock.fixed(Instant.parse("2026-03-05T13:04:09Z"), ZoneOffset.UTC);
  private static final String DEFAULT_MODEL = "default-model";

  record Golden(
      String template,
      List<ChatMessage> messages,
      @Nullable String output,
      @Nullable String error) {}

  @ParameterizedTest
  @MethodSource("ownTemplates")
  void rendersAsJinjaDoes(Golden golden) throws IOException {
    verify(golden, resource(golden.template()));
  }

  @Test
  @Tag("real-model")
  void rendersTheDefaultModelsTemplateAsJinjaDoes() throws IOException {
    String source;
    try (GgufFile file = GgufFile.open(RealModel.file())) {
      source = file.metadata().string("tokenizer.chat_template");
    }
    List<Golden> goldens = goldens().filter(g -> g.template().equals(DEFAULT_MODEL)).toList();
    assertThat(goldens).hasSizeGreaterThan(5);
    goldens.forEach(golden -> verify(golden, source));
  }

  private static void verify(Golden golden, String source) {
    ChatTemplate template = ChatTemplate.compile(source, "<bos>", "<eos>", CLOCK);
    if (golden.error() == null) {
      assertThat(template.render(golden.messages()).text()).isEqualTo(golden.output());
    } else {
      assertThatThrownBy(() -> template.render(golden.messages()))
          .isInstanceOf(TemplateException.class);
    }
  }

  static Stream<Golden> ownTemplates() throws IOException {
    return goldens().filter(golden -> !golden.template().equals(DEFAULT_MODEL));
  }

  private static Stream<Golden> goldens() throws IOException {
    return JsonMapper.shared()
        .readValue(resource("goldens.json"), new TypeReference<List<Golden>>() {})
        .stream();
  }

  static String resource(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            TemplateGoldenTest.class.getResourceAsStream("/templates/" + name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
