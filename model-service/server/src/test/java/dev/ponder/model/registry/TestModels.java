package dev.ponder.model.registry;

import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.gguf.RandomLlama;
import dev.ponder.model.ModelProperties;
import dev.ponder.model.kv.PrefixStores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Optional;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;

/** A folder of small random models, good and bad, and one model that follows a script. */
@TestConfiguration(proxyBeanMethods = false)
public class TestModels {
  /** A random model with a long context, so that a generation can be long. */
  public static final String TINY = "tiny";

  public static final int CONTEXT = 65_536;

  /** Where they lie, relative to the module. */
  public static final String FOLDER = "target/test-models";

  private static final Path WRITTEN = write(Path.of(FOLDER));

  private static Path write(Path folder) {
    try {
      Files.createDirectories(folder);
      tiny().writeTo(folder.resolve("tiny.gguf"));
      tiny().seed(7).writeTo(folder.resolve("other.gguf"));
      byte[] whole = Files.readAllBytes(folder.resolve("tiny.gguf"));
      Files.write(
          folder.resolve("truncated.gguf"), Arrays.copyOf(whole, whole.length - whole.length / 4));
      Files.write(folder.resolve("empty.gguf"), new byte[0]);
      tiny()
          .writer()
          .put("tokenizer.chat_template", "{% for m in messages %}{{ m.content }")
          .writeTo(folder.resolve("broken-template.gguf"));
      tiny().writer().remove("tokenizer.chat_template").writeTo(folder.resolve("no-template.gguf"));
      tiny()
          .writer()
          .put("general.architecture", "mystery")
          .writeTo(folder.resolve("mystery.gguf"));
      // Its content does not matter: the scripted loader takes it.
      Files.write(folder.resolve("scripted.gguf"), new byte[] {1});
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static RandomLlama tiny() {
    return new RandomLlama().contextLength(CONTEXT);
  }

  @Bean
  ScriptedModel scriptedModel(Clock clock) throws IOException {
    try (GgufFile file = GgufFile.open(WRITTEN.resolve("tiny.gguf"))) {
      return new ScriptedModel(file.metadata(), clock);
    }
  }

  @Bean
  @Primary
  ModelLoader testModelLoader(
      ModelProperties properties,
      Optional<PrefixStores> stores,
      Clock clock,
      ScriptedModel scripted) {
    EngineLoader real = new EngineLoader(properties, stores, clock);
    return (id, file, progress) -> id.equals("scripted") ? scripted : real.load(id, file, progress);
  }
}
