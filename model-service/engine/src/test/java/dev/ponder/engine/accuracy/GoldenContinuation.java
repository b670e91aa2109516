package dev.ponder.engine.accuracy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A prompt, the engine's greedy continuation of it, and what the exact reference thinks of every
 * step.
 *
 * @param referenceBest the reference's most likely token at each step
 * @param bestLogits the logit of that token
 * @param ownLogits the reference's logit of the continuation's token
 */
record GoldenContinuation(
    String name,
    List<Integer> prompt,
    List<Integer> continuation,
    List<Integer> referenceBest,
    List<Double> bestLogits,
    List<Double> ownLogits) {

  /** The file's continuations, and the SHA-256 of the model file they belong to. */
  record File(String modelDigest, List<GoldenContinuation> continuations) {}

  /**
   * How many logits the chosen token of {@code step} lies below the reference's best; 0 when it is
   * the best.
   */
  double margin(int step) {
    return bestLogits.get(step) - ownLogits.get(step);
  }

  static File read(InputStream in) throws IOException {
    String digest = "";
    List<GoldenContinuation> rows = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line; (line = reader.readLine()) != null; ) {
        if (line.startsWith("# model ")) {
          digest = line.substring("# model ".length());
        } else if (!line.startsWith("#")) {
          rows.add(parse(line));
        }
      }
    }
    return new File(digest, rows);
  }

  private static GoldenContinuation parse(String line) {
    List<String> columns = Arrays.asList(line.split("\t", -1));
    return new GoldenContinuation(
        columns.get(0),
        integers(columns.get(1)),
        integers(columns.get(2)),
        integers(columns.get(3)),
        decimals(columns.get(4)),
        decimals(columns.get(5)));
  }

  private static List<Integer> integers(String column) {
    return Arrays.stream(column.split(" ", -1)).map(Integer::valueOf).toList();
  }

  private static List<Double> decimals(String column) {
    return Arrays.stream(column.split(" ", -1)).map(Double::valueOf).toList();
  }
}
