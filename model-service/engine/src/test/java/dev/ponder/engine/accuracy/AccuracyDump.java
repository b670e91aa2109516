package dev.ponder.engine.accuracy;

import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.model.LanguageModel;
import dev.ponder.engine.model.ModelOptions;
import dev.ponder.engine.tokenizer.Tokenizer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes what {@code make_golden.py} needs of the engine: {@code AccuracyDump MODEL.gguf
 * GOLDEN_FOLDER OUT_FOLDER}.
 *
 * <p>Into OUT_FOLDER: {@code texts.tsv} (name, the text's first tokens), {@code greedy.tsv} (name,
 * prompt, greedy continuation with 16-bit activations), {@code logits16.f32}, {@code logits8.f32}
 * and, with keys and values in bytes, {@code logits16-int8.f32} (rows of little-endian floats over
 * all texts as one sequence).
 */
final class AccuracyDump {
  static final int TOKENS_A_TEXT = 64;
  static final int STEPS = 32;

  private AccuracyDump() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      throw new IllegalArgumentException(
          "arguments: " + args.length + " (expected: MODEL.gguf GOLDEN_FOLDER OUT_FOLDER)");
    }
    Path golden = Path.of(args[1]);
    Path out = Path.of(args[2]);
    try (GgufFile file = GgufFile.open(Path.of(args[0]))) {
      Tokenizer tokenizer = Tokenizer.of(file.metadata());
      List<Integer> tokens = writeTexts(tokenizer, golden, out.resolve("texts.tsv"));
      try (LanguageModel model = load(file, ActivationPrecision.BITS16)) {
        writeContinuations(model, tokenizer, golden, out.resolve("greedy.tsv"));
        writeLogits(model, tokens, out.resolve("logits16.f32"));
      }
      try (LanguageModel model = load(file, ActivationPrecision.BITS8)) {
        writeLogits(model, tokens, out.resolve("logits8.f32"));
      }
      try (LanguageModel model = load(file, ActivationPrecision.BITS16, KvType.INT8)) {
        writeLogits(model, tokens, out.resolve("logits16-int8.f32"));
      }
    }
  }

  static LanguageModel load(GgufFile file, ActivationPrecision activations) {
    return load(file, activations, KvType.F16);
  }

  static LanguageModel load(GgufFile file, ActivationPrecision activations, KvType kv) {
    ModelOptions options = ModelOptions.defaults().withActivations(activations).withKvType(kv);
    return LanguageModel.load(file, options);
  }

  private static List<Integer> writeTexts(Tokenizer tokenizer, Path golden, Path out)
      throws IOException {
    List<Integer> all = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    for (Map.Entry<String, String> text :
        GoldenTexts.read(golden.resolve("texts.txt")).entrySet()) {
      List<Integer> ids = encode(tokenizer, text.getValue());
      if (ids.size() < TOKENS_A_TEXT) {
        throw new IOException(
            text.getKey()
                + ": "
                + ids.size()
                + " tokens (expected: at least "
                + TOKENS_A_TEXT
                + ")");
      }
      List<Integer> kept = ids.subList(0, TOKENS_A_TEXT);
      all.addAll(kept);
      lines.add(text.getKey() + "\t" + column(kept));
    }
    Files.write(out, lines);
    return all;
  }

  private static void writeContinuations(
      LanguageModel model, Tokenizer tokenizer, Path golden, Path out) throws IOException {
    Map<String, String> texts = GoldenTexts.read(golden.resolve("prompts.txt"));
    List<List<Integer>> prompts =
        texts.values().stream().map(text -> encode(tokenizer, text)).toList();
    List<List<Integer>> continuations = ModelRun.continueGreedily(model, prompts, STEPS);
    List<String> names = List.copyOf(texts.keySet());
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      lines.add(
          Stream.of(names.get(i), column(prompts.get(i)), column(continuations.get(i)))
              .collect(Collectors.joining("\t")));
    }
    Files.write(out, lines);
  }

  private static void writeLogits(LanguageModel model, List<Integer> tokens, Path out)
      throws IOException {
    ByteBuffer row =
        ByteBuffer.allocate(Float.BYTES * model.shape().vocabulary())
            .order(ByteOrder.LITTLE_ENDIAN);
    try (OutputStream stream = new BufferedOutputStream(Files.newOutputStream(out))) {
      ModelRun.evaluate(
          model,
          tokens.stream().mapToInt(Integer::intValue).toArray(),
          (position, logits) -> {
            row.asFloatBuffer().put(logits, 0, model.shape().vocabulary());
            try {
              stream.write(row.array());
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }

  static List<Integer> encode(Tokenizer tokenizer, String text) {
    return Arrays.stream(tokenizer.encode(text, true)).boxed().toList();
  }

  private static String column(List<Integer> ids) {
    return ids.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }
}
