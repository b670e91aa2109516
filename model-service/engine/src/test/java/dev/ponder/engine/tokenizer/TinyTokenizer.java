package dev.ponder.engine.tokenizer;

import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.gguf.GgufWriter;
import dev.ponder.engine.gguf.TinyVocabulary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** Tokenizers over the small test vocabulary, or over one that a test changes. */
final class TinyTokenizer {
  private TinyTokenizer() {}

  static Tokenizer standard() {
    return with(writer -> writer);
  }

  static Tokenizer with(UnaryOperator<GgufWriter> change) {
    return of(change.apply(TinyVocabulary.putInto(new GgufWriter())));
  }

  static Tokenizer of(GgufWriter writer) {
    try {
      Path path = Files.createTempFile("tiny", ".gguf");
      try (GgufFile file = GgufFile.open(writer.writeTo(path))) {
        return Tokenizer.of(file.metadata());
      } finally {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
