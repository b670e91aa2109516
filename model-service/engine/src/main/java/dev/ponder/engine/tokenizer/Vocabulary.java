package dev.ponder.engine.tokenizer;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.gguf.GgufMetadata;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tokens of a model file with their kinds and bytes. Immutable. */
final class Vocabulary {
  static final String TOKENS = "tokenizer.ggml.tokens";
  static final String TYPES = "tokenizer.ggml.token_type";

  /**
   * Names that end a turn or a text in the models in use. As llama.cpp does, names that only occur
   * when a base model runs on into its next training document (padding, the next repository or
   * file) end it too. A token of such a name is a control token even where the file says otherwise,
   * unless it is plain text.
   */
  private static final Set<String> END_NAMES =
      Set.of(
          "<|im_end|>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<|eot_id|>",
          "<|eom_id|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<end_of_turn>",
          "<end_of_utterance>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]",
          "<eos>",
          "</s>",
          "<｜end▁of▁sentence｜>",
          "<|fim_pad|>",
          "<fim-pad>",
          "<fim_pad>",
          "<PAD>",
          "[PAD]",
          "<|fim_repo|>",
          "<|repo_name|>",
          "<fim-repo>",
          "<REPO>",
          "<reponame>",
          "<|file_sep|>");

  private final List<String> pieces;
  private final List<TokenType> types;
  private final byte[][] bytes;
  private final int longestBytes;

  private Vocabulary(List<String> pieces, List<TokenType> types) {
    this.pieces = pieces;
    this.types = types;
    this.bytes = new byte[pieces.size()][];
    int longest = 1;
    for (int id = 0; id < bytes.length; id++) {
      bytes[id] = bytesOf(pieces.get(id), types.get(id));
      longest = Math.max(longest, bytes[id].length);
    }
    this.longestBytes = longest;
  }

  static Vocabulary of(GgufMetadata metadata) {
    List<String> pieces = metadata.strings(TOKENS);
    if (pieces.isEmpty()) {
      throw EngineException.invalidFile(TOKENS, "an empty array", "at least one token");
    }
    List<TokenType> types = new ArrayList<>(pieces.size());
    int[] numbers = metadata.has(TYPES) ? metadata.ints(TYPES) : null;
    if (numbers != null && numbers.length != pieces.size()) {
      throw EngineException.invalidFile(
          TYPES, numbers.length + " types", pieces.size() + ", one for each token");
    }
    for (int id = 0; id < pieces.size(); id++) {
      TokenType type = numbers == null ? TokenType.NORMAL : TokenType.ofNumber(numbers[id], id);
      boolean ends = type == TokenType.USER_DEFINED && END_NAMES.contains(pieces.get(id));
      types.add(ends ? TokenType.CONTROL : type);
    }
    return new Vocabulary(pieces, List.copyOf(types));
  }

  int size() {
    return pieces.size();
  }

  String piece(int id) {
    return pieces.get(checked(id));
  }

  TokenType type(int id) {
    return types.get(checked(id));
  }

  /** Returns the bytes of a token: the array itself, not to be changed. */
  byte[] bytes(int id) {
    return bytes[checked(id)];
  }

  int longestBytes() {
    return longestBytes;
  }

  /** Returns the ids of the tokens that text may become, by spelling; the last of equal ones. */
  Map<String, Integer> textIds() {
    Map<String, Integer> ids = HashMap.newHashMap(size());
    for (int id = 0; id < size(); id++) {
      if (type(id).isText()) {
        ids.put(piece(id), id);
      }
    }
    return ids;
  }

  /** Returns whether a token ends the generation by its name. */
  boolean isNamedAsEnd(int id) {
    return type(id) != TokenType.NORMAL && END_NAMES.contains(piece(id));
  }

  private int checked(int id) {
    if (id < 0 || id >= pieces.size()) {
      throw EngineException.invalidArgument("token", id, "between 0 and " + (pieces.size() - 1));
    }
    return id;
  }

  private static byte[] bytesOf(String piece, TokenType type) {
    return switch (type) {
      case NORMAL, BYTE -> ByteAlphabet.bytes(piece);
      case USER_DEFINED -> piece.getBytes(StandardCharsets.UTF_8);
      case UNKNOWN, CONTROL, UNUSED -> new byte[0];
    };
  }
}
