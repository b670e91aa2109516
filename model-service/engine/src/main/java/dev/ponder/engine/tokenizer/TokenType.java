package dev.ponder.engine.tokenizer;

import dev.ponder.engine.EngineException;

/** The kinds of token that a model file tells apart, numbered from 1 in this order. */
enum TokenType {
  /** Text, spelled in {@link ByteAlphabet}. */
  NORMAL,
  /** Stands for what has no token. */
  UNKNOWN,
  /** Steers the model, stands for no text. */
  CONTROL,
  /** Text added after training, spelled as it is and always matched first. */
  USER_DEFINED,
  /** Fills the vocabulary up. */
  UNUSED,
  /** A single byte. */
  BYTE;

  private static final TokenType[] ALL = values();

  static TokenType ofNumber(int number, int id) {
    if (number < 1 || number > ALL.length) {
      throw EngineException.invalidFile(
          "tokenizer.ggml.token_type[" + id + "]", number, "between 1 and " + ALL.length);
    }
    return ALL[number - 1];
  }

  /** Whether such a token may come from ordinary text. */
  boolean isText() {
    return this == NORMAL || this == USER_DEFINED || this == BYTE;
  }
}
