package dev.ponder.engine.tokenizer;

import dev.ponder.engine.EngineException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The pre-tokenizers by the names that model files use ({@code tokenizer.ggml.pre}). */
final class PreTokenizers {
  private static final PreTokenizer GPT2 = PreTokenizer.of(new Gpt2Pattern());
  private static final PreTokenizer SMOLLM = isolatingNumbers(1).then(GPT2);
  private static final PreTokenizer LLAMA3 = PreTokenizer.of(new Llama3Pattern(3));
  private static final PreTokenizer QWEN2 = PreTokenizer.of(new Llama3Pattern(1));

  /**
   * What llama.cpp does for files that name none: runs of punctuation apart, GPT-2, runs of numbers
   * apart, and those in threes.
   */
  private static final PreTokenizer DEFAULT =
      PreTokenizer.isolating(
              c -> CharClass.isPunctuation(c) || "$+<=>^~|".indexOf(c) >= 0, 1, Integer.MAX_VALUE)
          .then(GPT2)
          .then(isolatingNumbers(Integer.MAX_VALUE))
          .then(PreTokenizer.isolating(c -> c >= '0' && c <= '9', 3, 3));

  private static final Set<String> LLAMA3_NAMES = Set.of("llama-bpe", "llama-v3", "llama3");

  private static final Map<String, PreTokenizer> BY_NAME =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("command-r", SMOLLM),
              Map.entry("default", DEFAULT),
              Map.entry("deepseek-r1-qwen", QWEN2),
              Map.entry("gpt-2", GPT2),
              Map.entry("llama-bpe", LLAMA3),
              Map.entry("llama-v3", LLAMA3),
              Map.entry("llama3", LLAMA3),
              Map.entry("phi-2", GPT2),
              Map.entry("qwen2", QWEN2),
              Map.entry("refact", SMOLLM),
              Map.entry("smollm", SMOLLM),
              Map.entry("starcoder", SMOLLM)));

  private PreTokenizers() {}

  /**
   * Returns the pre-tokenizer of a name.
   *
   * @throws EngineException UNSUPPORTED for an unknown name; the message lists the known ones
   */
  static PreTokenizer named(String name) {
    PreTokenizer found = BY_NAME.get(name);
    if (found == null) {
      throw EngineException.unsupported(
          "tokenizer.ggml.pre", name, "one of " + String.join(", ", BY_NAME.keySet()));
    }
    return found;
  }

  /** Whether a piece that is a token is taken whole, and texts start with bos unless told. */
  static boolean isLlama3(String name) {
    return LLAMA3_NAMES.contains(name);
  }

  private static PreTokenizer isolatingNumbers(int most) {
    return PreTokenizer.isolating(c -> CharClass.of(c) == CharClass.NUMBER, 1, most);
  }
}
