package dev.ponder.engine.tokenizer;

import dev.ponder.engine.EngineException;

/** The kinds of token that a model file tells apart, with the file format's numbers. */
enum TokenType {
  /** Text, spelled in {@link ByteAlphabet}. */
  NORMAL(1),
  /** Stands for what has no token. */
  UNKNOWN(2),
  /** Steers the model, stands for no text. */
  CONTROL(3),
  /** Text added after training, spelled as it is and always matched first. */
  USER_DEFINED(4),
  /** Fills the vocabulary up. */
  UNUSED(5),
  /** A single byte. */
  BYTE(6);

  private final int number;

  TokenType(int number) {
    this.number = number;
  }

  static TokenType ofNumber(int number, int id) {
    for (TokenType type : values()) {
      if (type.number == number) {
        return type;
      }
    }
    throw EngineException.invalidFile(
        "tokenizer.ggml.token_type[" + id + "]", number, "between 1 and " + BYTE.number);
  }

  int number() {
    return number;
  }

  /** Whether such a token may come from ordinary text. */
  boolean isText() {
    return this == NORMAL || this == USER_DEFINED || this == BYTE;
  }
}
