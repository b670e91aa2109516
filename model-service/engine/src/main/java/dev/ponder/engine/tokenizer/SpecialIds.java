package dev.ponder.engine.tokenizer;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.gguf.GgufMetadata;
import java.util.BitSet;

/** The tokens with a role: where texts begin and end. Immutable after construction. */
final class SpecialIds {
  /** How files write "none" in an unsigned field. */
  private static final long NONE = 0xFFFF_FFFFL;

  private final int bos;
  private final int eos;
  private final boolean addBos;
  private final BitSet endOfGeneration = new BitSet();

  SpecialIds(GgufMetadata metadata, Vocabulary vocabulary, boolean addBosByDefault) {
    this.bos = id(metadata, "bos", vocabulary);
    this.eos = id(metadata, "eos", vocabulary);
    this.addBos = bos >= 0 && metadata.bool("tokenizer.ggml.add_bos_token", addBosByDefault);
    for (String role : new String[] {"eos", "eot", "eom"}) {
      int id = id(metadata, role, vocabulary);
      if (id >= 0) {
        endOfGeneration.set(id);
      }
    }
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.isNamedAsEnd(id)) {
        endOfGeneration.set(id);
      }
    }
  }

  int bos() {
    return bos;
  }

  int eos() {
    return eos;
  }

  boolean addBos() {
    return addBos;
  }

  boolean isEndOfGeneration(int id) {
    return id >= 0 && endOfGeneration.get(id);
  }

  private static int id(GgufMetadata metadata, String role, Vocabulary vocabulary) {
    String key = "tokenizer.ggml." + role + "_token_id";
    long id = metadata.integer(key, NONE);
    if (id == NONE || id == -1) {
      return -1;
    }
    if (id < 0 || id >= vocabulary.size()) {
      throw EngineException.invalidFile(key, id, "between 0 and " + (vocabulary.size() - 1));
    }
    return (int) id;
  }
}
