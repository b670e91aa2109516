package dev.ponder.engine.tokenizer;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.gguf.GgufMetadata;

/** Turns text into token ids and back. Thread-safe. */
public interface Tokenizer {
  /** The longest text that {@link #encode} takes, in UTF-16 units. */
  int LONGEST_TEXT = 1 << 26;

  /**
   * Builds the tokenizer that a model file describes.
   *
   * @throws EngineException UNSUPPORTED for a kind of tokenizer or a pre-tokenizer that is not
   *     implemented; MODEL_FILE_INVALID if the tables contradict each other
   */
  static Tokenizer of(GgufMetadata metadata) {
    return BytePairTokenizer.of(metadata);
  }

  /**
   * Returns the ids of a text, without a beginning-of-sequence token. A lone surrogate counts as
   * U+FFFD. A byte for which the vocabulary has no token is left out: it cannot be expressed.
   *
   * <p>Time is n log n in the text, memory at most some 60 bytes per byte of it (where it is all
   * one word). A caller with a context of c tokens need not encode a text longer than c times
   * {@link #longestTokenBytes}.
   *
   * @param parseSpecial whether the text of control tokens stands for those tokens. If false, no
   *     control token is returned, whatever the text: pass false for what a user wrote.
   * @throws EngineException INVALID_ARGUMENT for a text above {@link #LONGEST_TEXT}
   */
  int[] encode(String text, boolean parseSpecial);

  /** Returns the UTF-8 bytes that a token stands for; none for control and unused tokens. */
  byte[] bytes(int id);

  /** Returns the token as the vocabulary spells it: a picture of its bytes, or its name. */
  String piece(int id);

  /** Returns the text of the ids; bytes that are not UTF-8 become U+FFFD. */
  String decode(int[] ids);

  int vocabularySize();

  /** Returns the number of bytes of the longest token: n bytes take at least n / this tokens. */
  int longestTokenBytes();

  /** Returns the id of the beginning-of-sequence token, or -1. */
  int bos();

  /** Returns the id of the end-of-sequence token, or -1. */
  int eos();

  /** Returns whether the model was trained with {@link #bos} in front of every text. */
  boolean addBos();

  /** Returns whether a model that emits this token is done. */
  boolean isEndOfGeneration(int id);

  /** Returns whether a token steers the model and stands for no text. */
  boolean isControl(int id);

  /** Returns a SHA-256 over everything that decides how texts become ids. */
  byte[] digest();
}
