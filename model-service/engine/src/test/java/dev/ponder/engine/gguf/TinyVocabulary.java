package dev.ponder.engine.gguf;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A small byte-level BPE vocabulary: three control tokens, the 256 bytes, and the merges that build
 * a handful of words. Ids: 0 {@code <|endoftext|>}, 1 {@code <|im_start|>}, 2 {@code <|im_end|>}.
 */
public final class TinyVocabulary {
  public static final String CHAT_TEMPLATE =
      "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n'"
          + " + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
          + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

  private static final List<String> WORDS =
      List.of(
          "the",
          "Ġthe",
          "Ġand",
          "Ġof",
          "Ġto",
          "Ġin",
          "Ġis",
          "Ġa",
          "ing",
          "tion",
          "user",
          "assistant",
          "system",
          "hello",
          "Ġhello",
          "world",
          "Ġworld",
          "what",
          "Ġwhat",
          "Ġyou",
          "good",
          "Ġgood",
          "ĊĊ",
          "ĠĠĠĠ",
          "é",
          "çļĦ",
          "ðŁĺĢ");

  private TinyVocabulary() {}

  /** Returns the merges in rank order, each {@code left right}. */
  public static List<String> merges() {
    Set<String> merges = new LinkedHashSet<>();
    for (String word : WORDS) {
      boolean spaceThenKnown = word.startsWith("Ġ") && WORDS.contains(word.substring(1));
      if (spaceThenKnown) {
        merges.add("Ġ " + word.substring(1));
        continue;
      }
      for (int i = 1; i < word.length(); i++) {
        merges.add(word.substring(0, i) + " " + word.charAt(i));
      }
    }
    return List.copyOf(merges);
  }

  public static List<String> tokens() {
    List<String> tokens = new ArrayList<>(List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>"));
    for (int b = 0; b < 256; b++) {
      tokens.add(String.valueOf(symbol(b)));
    }
    for (String merge : merges()) {
      tokens.add(merge.replace(" ", ""));
    }
    return List.copyOf(tokens);
  }

  /** Writes the tokenizer's keys and the chat template. */
  public static GgufWriter putInto(GgufWriter writer) {
    List<String> tokens = tokens();
    int[] types = new int[tokens.size()];
    for (int i = 0; i < types.length; i++) {
      types[i] = i < 3 ? 3 : 1;
    }
    return writer
        .put("tokenizer.ggml.model", "gpt2")
        .put("tokenizer.ggml.pre", "smollm")
        .put("tokenizer.ggml.tokens", tokens)
        .put("tokenizer.ggml.token_type", types)
        .put("tokenizer.ggml.merges", merges())
        .put("tokenizer.ggml.bos_token_id", 1)
        .put("tokenizer.ggml.eos_token_id", 2)
        .put("tokenizer.ggml.unknown_token_id", 0)
        .put("tokenizer.ggml.padding_token_id", 2)
        .put("tokenizer.ggml.add_bos_token", false)
        .put("tokenizer.ggml.add_space_prefix", false)
        .put("tokenizer.chat_template", CHAT_TEMPLATE);
  }

  /** GPT-2's picture of a byte: itself where visible, else the next code point from U+0100 on. */
  private static char symbol(int b) {
    int shifted = 0x100;
    for (int i = 0; i <= b; i++) {
      boolean visible = (i >= '!' && i <= '~') || (i >= 0xA1 && i <= 0xAC) || i >= 0xAE;
      if (i == b) {
        return (char) (visible ? b : shifted);
      }
      shifted += visible ? 0 : 1;
    }
    throw new AssertionError(b);
  }
}
