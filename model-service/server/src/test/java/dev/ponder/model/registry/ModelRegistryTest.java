package dev.ponder.model.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ModelInfo;
import dev.ponder.model.ModelProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.unit.DataSize;

class ModelRegistryTest {
  @TempDir private Path folder;
  private final CountDownLatch gate = new CountDownLatch(1);
  private Optional<ModelRegistry> opened = Optional.empty();

  @AfterEach
  void close() {
    gate.countDown();
    opened.ifPresent(ModelRegistry::close);
  }

  private ModelRegistry open(ModelLoader loader, int maxLoaded) {
    ModelRegistry registry = new ModelRegistry(folder, loader, maxLoaded, Duration.ofMillis(200));
    opened = Optional.of(registry);
    return registry;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLoadedModelHasGeneratedOnceIfAskedToWarmUp(boolean warmUp) throws Exception {
    Path file = folder.resolve("cold.gguf");
    TestModels.tiny().contextLength(256).writeTo(file);
    EngineLoader loader = new EngineLoader(properties(warmUp), Optional.empty(), Clock.systemUTC());

    try (LoadedModel model = loader.load("cold", file, _ -> {})) {
      assertThat(model.stats().generatedTokens() > 0).isEqualTo(warmUp);
      assertThat(model.stats().running()).isZero();
    }
  }

  private ModelRegistry real() {
    return open(new EngineLoader(properties(false), Optional.empty(), Clock.systemUTC()), 3);
  }

  private ModelProperties properties(boolean warmUp) {
    return properties(warmUp, "f16");
  }

  private ModelProperties properties(boolean warmUp, String kv) {
    return new ModelProperties(
        folder,
        List.of(),
        1,
        "auto",
        0,
        kv,
        DataSize.ofMegabytes(4),
        4,
        4,
        4096,
        64,
        3,
        Duration.ofSeconds(30),
        Duration.ofMillis(200),
        Duration.ZERO,
        warmUp,
        1024);
  }

  private void awaitGate() {
    try {
      assertThat(gate.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aMissingFolderHoldsNoModels() throws IOException {
    Files.delete(folder);
    assertThat(real().list()).isEmpty();
    Files.createDirectory(folder);
  }

  @ParameterizedTest
  @ValueSource(strings = {"f16", "int8"})
  void keysAndValuesAreStoredAsAskedFor(String kv) throws IOException {
    TestModels.tiny().writeTo(folder.resolve("m.gguf"));
    ModelProperties asked = properties(false, kv);
    ModelRegistry registry = open(new EngineLoader(asked, Optional.empty(), Clock.systemUTC()), 3);
    registry.load("m").join();
    assertThat(registry.find("m").kvType()).isEqualTo(kv);
  }

  @Test
  void tellsItsStatesAndTheProgress() throws Exception {
    TestModels.tiny().writeTo(folder.resolve("m.gguf"));
    CountDownLatch begun = new CountDownLatch(1);
    ModelRegistry registry =
        open(
            (_, _, progress) -> {
              progress.accept(0.25);
              begun.countDown();
              awaitGate();
              throw new IOException("told to fail");
            },
            2);
    assertThat(registry.find("m").state()).isEqualTo("available");
    CompletableFuture<Void> loading = registry.load("m");
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
    ModelInfo info = registry.find("m");
    assertThat(info.state()).isEqualTo("loading");
    assertThat(info.progress()).isEqualTo(0.25);
    assertThatThrownBy(() -> registry.lease("m"))
        .isInstanceOfSatisfying(
            PonderException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.MODEL_NOT_LOADED);
              assertThat(e.retryAfter()).isNotNull();
            })
        .hasMessageContaining("25%");
    assertThatThrownBy(() -> registry.unload("m")).hasMessageContaining("loading");
    gate.countDown();
    assertThat(loading).failsWithin(Duration.ofSeconds(30));
    assertThat(registry.find("m").state()).isEqualTo("failed");
    assertThat(registry.find("m").error()).contains("told to fail");
  }

  @Test
  void aFileThatFailedIsTriedAgainOnlyWhenItHasChanged() throws IOException {
    Path file = folder.resolve("m.gguf");
    Files.write(file, new byte[] {1, 2, 3});
    ModelRegistry registry = real();
    assertThatThrownBy(() -> registry.load("m").join())
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(PonderException.class);
    assertThatThrownBy(() -> registry.load("m"))
        .isInstanceOfSatisfying(
            PonderException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_FILE_INVALID));
    TestModels.tiny().writeTo(file);
    registry.load("m").join();
    assertThat(registry.find("m").state()).isEqualTo("ready");
  }

  @Test
  void refusesOneModelTooMany() throws IOException {
    for (String id : List.of("a", "b", "c", "d")) {
      TestModels.tiny().writeTo(folder.resolve(id + ".gguf"));
    }
    ModelRegistry registry = real();
    registry.load("a").join();
    registry.load("b").join();
    registry.load("c").join();
    assertThatThrownBy(() -> registry.load("d")).hasMessageContaining("unload one");
    registry.unload("a").join();
    registry.load("d").join();
    assertThat(registry.isReady("d")).isTrue();
  }

  @Test
  void namesThatLeadElsewhereAreNoModels() throws IOException {
    TestModels.tiny().writeTo(folder.resolve("m.gguf"));
    ModelRegistry registry = real();
    for (String id :
        List.of("../m", "..", "", "a/b", "a\\b", ".m", "m\0", "%2e", "m".repeat(200))) {
      assertThatThrownBy(() -> registry.load(id))
          .isInstanceOfSatisfying(
              PonderException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND));
    }
  }

  /** Any damage is a refusal with a reason, or no damage that matters; never a crash or a hang. */
  @Test
  @Timeout(120)
  void damagedFilesAreRefusedAndTheRegistryGoesOn() throws IOException {
    long seed = Long.getLong("test.seed", new SplittableRandom().nextLong());
    SplittableRandom random = new SplittableRandom(seed);
    byte[] whole = TestModels.tiny().writer().toBytes();
    ModelRegistry registry = real();
    int refused = 0;
    for (int round = 0; round < 120; round++) {
      byte[] damaged = whole.clone();
      // Most of what decides is in the first kilobytes.
      for (int i = random.nextInt(1, 8); i > 0; i--) {
        damaged[random.nextInt(round % 2 == 0 ? 200 : 20_000)] = (byte) random.nextInt(256);
      }
      Files.write(folder.resolve("f" + round + ".gguf"), damaged);
      try {
        registry.load("f" + round).join();
        registry.unload("f" + round).join();
      } catch (CompletionException e) {
        refused++;
        assertThat(e.getCause())
            .as("test.seed %d, round %d", seed, round)
            .isInstanceOfSatisfying(
                PonderException.class,
                p -> assertThat(p.code()).isEqualTo(ErrorCode.MODEL_FILE_INVALID));
      }
    }
    assertThat(refused).isPositive();
    Files.write(folder.resolve("whole.gguf"), whole);
    registry.load("whole").join();
    assertThat(registry.isReady("whole")).isTrue();
  }
}
