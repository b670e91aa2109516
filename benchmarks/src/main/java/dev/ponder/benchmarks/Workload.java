package dev.ponder.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What is measured. Token ids are random; logits are produced for the last token of a prompt and
 * for every decoded token, and nothing is sampled. A prompt in front of decoded tokens is not
 * timed.
 */
enum Workload {
  /** Tokens a second of one prompt. */
  PREFILL128(128),
  PREFILL512(512),
  /** Tokens a second of one sequence behind one token, and behind a longer prompt. */
  DECODE(128, 1, 1),
  DECODE_CTX512(64, 1, 512),
  /** Tokens a second in all, of sequences that share one prompt. */
  SAMPLES4(64, 4, 256),
  SAMPLES8(64, 8, 256),
  SAMPLES16(64, 16, 256),
  SAMPLES32(64, 32, 256),
  /** Seconds to the first logits of a prompt that nothing is known of. */
  TTFT_COLD1000(1000);

  private final int prompt;
  private final int steps;
  private final int sequences;

  Workload(int prompt) {
    this.prompt = prompt;
    this.steps = 0;
    this.sequences = 1;
  }

  Workload(int steps, int sequences, int prompt) {
    this.prompt = prompt;
    this.steps = steps;
    this.sequences = sequences;
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Tokens of the prompt. */
  int prompt() {
    return prompt;
  }

  /** Decoded tokens of each sequence; 0 when the prompt itself is measured. */
  int steps() {
    return steps;
  }

  int sequences() {
    return sequences;
  }

  boolean isPrefill() {
    return steps == 0;
  }

  /** Tokens that the measured time covers. */
  int tokens() {
    return isPrefill() ? prompt : steps * sequences;
  }

  /** Positions that the longest sequence reaches. */
  int context() {
    return prompt + steps;
  }

  boolean inSeconds() {
    return this == TTFT_COLD1000;
  }

  String unit() {
    return inSeconds() ? "s" : "tokens/s";
  }

  /** The reported figure, in {@link #unit()}. */
  double figure(double seconds) {
    return inSeconds() ? seconds : tokens() / seconds;
  }

  /** How many times better {@code ours} is than {@code theirs}. */
  double ratio(double ours, double theirs) {
    return inSeconds() ? theirs / ours : ours / theirs;
  }

  /**
   * Workloads by their labels, in the order given.
   *
   * @throws IllegalArgumentException when a label is unknown
   */
  static List<Workload> ofLabels(List<String> labels) {
    List<Workload> chosen = new ArrayList<>();
    for (String label : labels) {
      Workload workload =
          Arrays.stream(values())
              .filter(candidate -> candidate.label().equals(label))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "only: " + label + " (expected: some of " + allLabels() + ")"));
      if (!chosen.contains(workload)) {
        chosen.add(workload);
      }
    }
    return List.copyOf(chosen);
  }

  private static String allLabels() {
    return Arrays.stream(values()).map(Workload::label).collect(Collectors.joining(","));
  }
}
