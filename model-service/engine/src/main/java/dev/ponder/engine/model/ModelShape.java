package dev.ponder.engine.model;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.gguf.GgufMetadata;

/**
 * The sizes of a transformer.
 *
 * @param width elements of a token's hidden state
 * @param kvHeads key and value heads; each serves {@code heads / kvHeads} query heads
 * @param vocabulary rows of the embedding
 * @param contextLength greatest number of tokens of a sequence
 * @param ropeScale positions are divided by this (linear scaling), 1 for none
 * @param ropeDimensions leading dimensions of a head that are rotated
 */
public record ModelShape(
    String architecture,
    String name,
    int layers,
    int width,
    int feedForward,
    int heads,
    int kvHeads,
    int headSize,
    int vocabulary,
    int contextLength,
    double ropeBase,
    double ropeScale,
    float normEpsilon,
    int ropeDimensions) {

  private static final int GREATEST_SIZE = 1 << 20;

  /** Reads and checks the sizes of an architecture that uses the common metadata keys. */
  static ModelShape of(GgufMetadata metadata, int vocabulary) {
    Keys keys = new Keys(metadata, metadata.architecture());
    int width = keys.size("embedding_length");
    int heads = keys.size("attention.head_count");
    int kvHeads = keys.size("attention.head_count_kv", heads);
    int headSize = keys.size("attention.key_length", Math.max(1, width / heads));
    int valueSize = keys.size("attention.value_length", headSize);
    int rotated = keys.size("rope.dimension_count", headSize);
    if (heads % kvHeads != 0) {
      throw EngineException.invalidFile(
          keys.name("attention.head_count"), heads, "a multiple of the " + kvHeads + " kv heads");
    }
    if (headSize % 16 != 0 || valueSize != headSize) {
      throw EngineException.unsupported(
          "head size", headSize + " and " + valueSize, "equal, and a multiple of 16");
    }
    if (rotated > headSize || rotated % 2 != 0) {
      throw EngineException.invalidFile(
          keys.name("rope.dimension_count"), rotated, "even, at most " + headSize);
    }
    if (keys.size("expert_count", 0) != 0) {
      throw EngineException.unsupported(
          keys.name("expert_count"), keys.size("expert_count", 0), "no mixture of experts");
    }
    return new ModelShape(
        metadata.architecture(),
        metadata.string("general.name", "unnamed"),
        keys.size("block_count"),
        width,
        keys.size("feed_forward_length"),
        heads,
        kvHeads,
        headSize,
        vocabulary,
        keys.size("context_length"),
        keys.positive("rope.freq_base", 10_000),
        keys.ropeScale(),
        (float) keys.positive("attention.layer_norm_rms_epsilon", Double.NaN),
        rotated);
  }

  /** Metadata under an architecture's prefix, within sane limits. */
  private record Keys(GgufMetadata metadata, String architecture) {
    String name(String key) {
      return architecture + "." + key;
    }

    int size(String key) {
      return checked(key, metadata.integer(name(key)), 1);
    }

    int size(String key, int defaultValue) {
      return checked(key, metadata.integer(name(key), defaultValue), Math.min(1, defaultValue));
    }

    private int checked(String key, long value, int least) {
      // context lengths reach tens of millions; everything else is bounded by real tensors anyway
      long greatest = key.equals("context_length") ? 1 << 27 : GREATEST_SIZE;
      if (value < least || value > greatest) {
        throw EngineException.invalidFile(name(key), value, least + " to " + greatest);
      }
      return (int) value;
    }

    double positive(String key, double defaultValue) {
      double value =
          Double.isNaN(defaultValue)
              ? metadata.number(name(key))
              : metadata.number(name(key), defaultValue);
      if (!(value > 0 && value < Float.MAX_VALUE)) {
        throw EngineException.invalidFile(name(key), value, "a positive number");
      }
      return value;
    }

    double ropeScale() {
      String type = metadata.string(name("rope.scaling.type"), "none");
      return switch (type) {
        case "none" -> positive("rope.scale_linear", 1);
        case "linear" -> positive("rope.scaling.factor", 1);
        default ->
            throw EngineException.unsupported(name("rope.scaling.type"), type, "none or linear");
      };
    }
  }
}
