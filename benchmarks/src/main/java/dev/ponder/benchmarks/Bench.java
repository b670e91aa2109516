package dev.ponder.benchmarks;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.model.LanguageModel;
import dev.ponder.engine.model.ModelOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The command {@code bench}: our engine's speed on a model file, beside llama.cpp's on the same
 * file.
 */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures the engine's speed on a GGUF model, and llama.cpp's on the same file in turn with it.",
      "Workloads: prefill128, prefill512 (one prompt); decode, decode_ctx512 (one sequence behind 1 and"
          + " 512 tokens); samples4, 8, 16, 32 (sequences that share one 256-token prompt);"
          + " ttft_cold1000 (seconds to the first logits of 1,000 tokens). Logits are produced, nothing"
          + " is sampled. The peer's figure is the better of its two flash-attention settings."
    })
public final class Bench implements Callable<Integer> {
  private static final String DEFAULT_MODEL = "smollm2-135m-instruct.gguf";

  /** Beyond any processor's cache, so that memory itself is read. */
  private static final long BEYOND_CACHE = 1L << 30;

  @Option(
      names = "--model",
      paramLabel = "FILE",
      description =
          "GGUF file (default: $PONDER_MODEL_FILE, else the default model that ./ponder pull fetched)")
  private @Nullable Path model;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "threads of either side (default: all cores)")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--reps",
      paramLabel = "N",
      description = "repetitions (default: ${DEFAULT-VALUE})")
  private int repetitions = 5;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "WORKLOAD",
      description = "only these workloads")
  private List<String> only = List.of();

  @Option(
      names = "--tier",
      split = ",",
      paramLabel = "TIER",
      description = "kernels to measure: auto, scalar, vector, machine (default: auto)")
  private List<String> tiers = List.of("auto");

  @Option(
      names = "--activations",
      split = ",",
      paramLabel = "BITS",
      description = "activation precisions to measure: 8, 16 (default: the model's own)")
  private List<String> activations = List.of();

  @Option(
      names = "--kv",
      split = ",",
      paramLabel = "TYPE",
      description = "how keys and values are stored, each measured: f16, int8 (default: f16)")
  private List<String> kvTypes = List.of(KvType.F16.label());

  @Option(
      names = "--peer",
      paramLabel = "PYTHON",
      description =
          "Python interpreter that has llama-cpp-python and numpy; without it there is no peer")
  private @Nullable Path peer;

  @Option(
      names = "--make-peer",
      description =
          "makes a virtual environment with " + PeerEnvironment.REQUIREMENT + " (once) and uses it")
  private boolean makePeer;

  @Option(names = "--no-limits", description = "does not measure how fast memory can be read")
  private boolean noLimits;

  @Option(names = "--out", paramLabel = "FILE", description = "writes all readings as JSON")
  private @Nullable Path out;

  @Option(
      names = "--markdown",
      paramLabel = "FILE",
      description = "writes the table as Markdown, dated")
  private @Nullable Path markdown;

  @Option(
      names = "--random-shape",
      paramLabel = "SHAPE",
      description =
          "measures a model of this shape with random weights and --model's vocabulary: 135m, 1b"
              + " (written once below the cache folder)")
  private @Nullable String randomShape;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description =
          "with --random-shape: the type of its matrices, such as q8_0 (the default), q4_0, q4_k")
  private String type = "q8_0";

  @Option(
      names = "--soak",
      paramLabel = "MINUTES",
      description =
          "instead of a table: decodes for so long, and says each minute's speed, step times and"
              + " resident memory")
  private @Nullable Integer soak;

  @Spec private @Nullable CommandSpec spec;

  private final Clock clock;

  public Bench() {
    this(Clock.system(ZoneId.systemDefault()));
  }

  Bench(Clock clock) {
    this.clock = clock;
  }

  /**
   * Runs the command and exits with its status: 0 done, 1 the model cannot be measured, 2 wrong
   * usage.
   */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Bench()).execute(args));
  }

  /** One setting of ours to measure; null stands for the engine's own choice. */
  private record Setting(
      @Nullable KernelTier tier, @Nullable ActivationPrecision activations, KvType kvType) {}

  @Override
  public Integer call() throws IOException {
    List<Workload> workloads = valid(only, this::workloads);
    List<KvType> stored = valid(kvTypes, Bench::kvTypes);
    List<Setting> settings = valid(tiers, names -> settings(names, activations, stored));
    check("threads", threads, 1, 256);
    check("reps", repetitions, 1, 1000);
    if (soak != null) {
      check("soak", soak, 1, 10_000);
    }
    RandomModel.@Nullable Shape shape =
        randomShape == null ? null : valid(randomShape, RandomModel.Shape::named);
    TensorType randomType = valid(type, Bench::tensorType);
    Path named = model == null ? defaultModel() : model;
    PrintWriter log = commandLine().getErr();
    if (!Files.isRegularFile(named)) {
      log.println(
          named
              + ": no such file (expected: a GGUF model; get the default one with ./ponder pull)");
      return 1;
    }
    Path file = shape == null ? named : randomModel(named, shape, randomType, log);
    try (GgufFile gguf = GgufFile.open(file)) {
      if (soak != null) {
        soak(gguf, settings, soak);
        return 0;
      }
      Report report = measure(gguf, file, workloads, settings, log);
      commandLine().getOut().print(report.text());
      commandLine().getOut().flush();
      if (out != null) {
        Files.writeString(out, report.json());
      }
      if (markdown != null) {
        Files.writeString(markdown, report.markdown());
      }
      return 0;
    } catch (EngineException e) {
      log.println(file + ": " + e.getMessage());
      return 1;
    }
  }

  /** The random model of this shape, type and vocabulary; written when it is not there yet. */
  private Path randomModel(
      Path vocabulary, RandomModel.Shape shape, TensorType type, PrintWriter log)
      throws IOException {
    Path folder = Path.of(System.getProperty("user.home"), ".cache", "ponder", "bench");
    Path file =
        folder.resolve(
            "random-%s-%s.gguf".formatted(randomShape, type.name().toLowerCase(Locale.ROOT)));
    if (!Files.exists(file)) {
      log.println("writing " + file);
      log.flush();
      Files.createDirectories(folder);
      // Under another name until it is whole: a run that is stopped must not leave half a model.
      Path part = Files.createTempFile(folder, "random", ".part");
      try (GgufFile source = GgufFile.open(vocabulary)) {
        RandomModel.write(part, source.metadata(), shape, type);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (IllegalArgumentException e) {
        throw new ParameterException(commandLine(), "--" + e.getMessage(), e);
      } finally {
        Files.deleteIfExists(part);
      }
    }
    return file;
  }

  private static TensorType tensorType(String name) {
    for (TensorType type : TensorType.values()) {
      if (type.name().toLowerCase(Locale.ROOT).equals(name)) {
        return type;
      }
    }
    throw new IllegalArgumentException("type: " + name + " (expected: a GGUF type such as q8_0)");
  }

  private LanguageModel load(GgufFile gguf, Setting setting) {
    return LanguageModel.load(
        gguf,
        ModelOptions.defaults()
            .withThreads(threads)
            .withTier(setting.tier())
            .withActivations(setting.activations())
            .withKvType(setting.kvType()));
  }

  private void soak(GgufFile gguf, List<Setting> settings, int minutes) {
    PrintWriter to = commandLine().getOut();
    for (Setting setting : settings) {
      try (LanguageModel model = load(gguf, setting)) {
        to.println(EngineContestant.label(model));
        Soak.run(
            model,
            minutes,
            System::nanoTime,
            line -> {
              to.println(line);
              to.flush();
            });
      }
    }
  }

  /** Unless another setting came to the same: {@code auto} and the tier that it chooses. */
  private static void add(List<EngineContestant> ours, EngineContestant contestant) {
    if (ours.stream().anyMatch(other -> other.label().equals(contestant.label()))) {
      contestant.close();
    } else {
      ours.add(contestant);
    }
  }

  private Report measure(
      GgufFile gguf, Path file, List<Workload> workloads, List<Setting> settings, PrintWriter log) {
    Machine machine = Machine.here();
    if (machine.load() > 0.5 * Runtime.getRuntime().availableProcessors()) {
      log.println(
          "load: " + machine.load() + " (expected: a quiet machine; these figures will be low)");
    }
    List<EngineContestant> ours = new ArrayList<>();
    @Nullable PeerProcess peerProcess = null;
    try {
      for (Setting setting : settings) {
        add(ours, new EngineContestant(load(gguf, setting), workloads));
      }
      peerProcess = startPeer(file, log);
      List<Contestant> contestants = new ArrayList<>(ours);
      List<String> peers = new ArrayList<>();
      if (peerProcess != null) {
        for (int flash : new int[] {1, 0}) {
          Contestant contestant = new PeerContestant(peerProcess, flash);
          contestants.add(contestant);
          peers.add(contestant.label());
        }
      }
      Round round = new Round(workloads, contestants, log);
      round.warmUp();
      Results results = round.measure(repetitions);
      Map<String, Long> peakBytes = new LinkedHashMap<>();
      peakBytes.put("ponder (one JVM, " + ours.size() + " loaded)", Machine.peakBytes());
      if (peerProcess != null) {
        peakBytes.put("llama.cpp", peerProcess.peakBytes());
      }
      return new Report(
          LocalDate.now(clock),
          command(),
          machine,
          String.valueOf(file.getFileName()),
          threads,
          repetitions,
          workloads,
          ours.stream().map(EngineContestant::label).toList(),
          peers,
          peerProcess == null ? "" : peerProcess.version(),
          results,
          limits(weightBytes(results, ours, workloads), log),
          peakBytes);
    } finally {
      ours.forEach(EngineContestant::close);
      if (peerProcess != null) {
        peerProcess.close();
      }
    }
  }

  /**
   * The peer with the model loaded, or null (after a message) when there is none or it cannot run.
   */
  private @Nullable PeerProcess startPeer(Path file, PrintWriter log) {
    try {
      if (makePeer) {
        Path python = PeerEnvironment.make(PeerEnvironment.defaultFolder(), log);
        return PeerProcess.start(python, file, threads);
      }
      return peer == null ? null : PeerProcess.start(peer, file, threads);
    } catch (PeerException e) {
      log.println(e.getMessage() + "; going on without a peer");
      return null;
    }
  }

  private List<Report.Limit> limits(long weights, PrintWriter log) {
    List<Report.Limit> limits = new ArrayList<>();
    if (noLimits) {
      return limits;
    }
    for (int team : teams()) {
      double rate = IntegerPeak.measure(team);
      if (rate > 0) {
        limits.add(new Report.Limit("Integer product limit, " + threads(team), rate, "GOP/s"));
      }
    }
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      log.println("memory limits not measured: they need --add-modules=jdk.incubator.vector");
      return limits;
    }
    for (long bytes : new long[] {weights, BEYOND_CACHE}) {
      for (int team : teams()) {
        String what = "Memory read limit, %s over %.0f MB".formatted(threads(team), bytes / 1e6);
        limits.add(new Report.Limit(what, ReadBandwidth.measure(team, bytes), "GB/s"));
      }
    }
    return limits;
  }

  private Set<Integer> teams() {
    return new LinkedHashSet<>(List.of(1, threads));
  }

  private static String threads(int count) {
    return count + (count == 1 ? " thread" : " threads");
  }

  /**
   * What one pass reads of the weights: memory bandwidth is measured over as much, since caches
   * differ.
   */
  private static long weightBytes(
      Results results, List<EngineContestant> ours, List<Workload> workloads) {
    Measurement.Work work =
        results.of(ours.getFirst().label(), workloads.getFirst()).getFirst().work();
    return Math.max(1 << 20, work.weightBytes() / Math.max(1, work.forwardPasses()));
  }

  /** The command line as others would type it: files without the folders of this machine. */
  private String command() {
    StringBuilder words = new StringBuilder("./ponder bench");
    for (OptionSpec option : commandLine().getParseResult().matchedOptions()) {
      words.append(' ').append(option.longestName());
      if (option.arity().max() > 0) {
        // "x/y/z.gguf" becomes "z.gguf"
        String value = String.join(",", option.originalStringValues());
        words.append(' ').append(value.replaceAll(".*/", ""));
      }
    }
    return words.toString();
  }

  private static Path defaultModel() {
    String named = System.getenv("PONDER_MODEL_FILE");
    if (named != null && !named.isBlank()) {
      return Path.of(named);
    }
    String data = System.getenv("PONDER_DATA");
    Path folder =
        data != null && !data.isBlank()
            ? Path.of(data)
            : Path.of(System.getProperty("user.home"), ".ponder");
    return folder.resolve("models").resolve(DEFAULT_MODEL);
  }

  private List<Workload> workloads(List<String> labels) {
    return labels.isEmpty() ? List.of(Workload.values()) : Workload.ofLabels(labels);
  }

  private static List<Setting> settings(
      List<String> tiers, List<String> activations, List<KvType> kvTypes) {
    Set<Setting> settings = new LinkedHashSet<>();
    for (String tier : tiers) {
      for (KvType kvType : kvTypes) {
        if (activations.isEmpty()) {
          settings.add(new Setting(tier(tier), null, kvType));
        }
        for (String bits : activations) {
          settings.add(new Setting(tier(tier), precision(bits), kvType));
        }
      }
    }
    return List.copyOf(settings);
  }

  private static List<KvType> kvTypes(List<String> labels) {
    return labels.stream().map(KvType::labelled).toList();
  }

  private static @Nullable KernelTier tier(String name) {
    if (name.equals("auto")) {
      return null;
    }
    for (KernelTier tier : KernelTier.values()) {
      if (tier.name().toLowerCase(Locale.ROOT).equals(name)) {
        return tier;
      }
    }
    throw new IllegalArgumentException(
        "tier: " + name + " (expected: auto, scalar, vector or machine)");
  }

  private static ActivationPrecision precision(String bits) {
    return switch (bits) {
      case "8" -> ActivationPrecision.BITS8;
      case "16" -> ActivationPrecision.BITS16;
      default ->
          throw new IllegalArgumentException("activations: " + bits + " (expected: 8 or 16)");
    };
  }

  private <T, R> R valid(T value, Function<T, R> parse) {
    try {
      return parse.apply(value);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(commandLine(), "--" + e.getMessage(), e);
    }
  }

  private void check(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new ParameterException(
          commandLine(), "--%s: %d (expected: %d to %d)".formatted(name, value, least, most));
    }
  }

  private CommandLine commandLine() {
    if (spec == null) {
      throw new IllegalStateException("Bench runs as a command only");
    }
    return spec.commandLine();
  }
}
