package dev.ponder.engine.gguf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Writes llama models of any small shape with random weights and {@link TinyVocabulary}, for unit
 * tests. The same settings and seed give the same bytes. NOT thread-safe.
 */
public final class RandomLlama {
  private int layers = 2;
  private int width = 64;
  private int feedForward = 96;
  private int heads = 4;
  private int kvHeads = 2;
  private int contextLength = 256;
  private double ropeBase = 10_000;
  private boolean tied = true;
  private long seed = 42;
  private Function<String, TensorType> types = name -> TensorType.Q8_0;

  public RandomLlama layers(int layers) {
    this.layers = layers;
    return this;
  }

  /** Row length of most matrices: a multiple of the block of their type, 256 for K types. */
  public RandomLlama width(int width) {
    this.width = width;
    return this;
  }

  public RandomLlama feedForward(int feedForward) {
    this.feedForward = feedForward;
    return this;
  }

  public RandomLlama heads(int heads, int kvHeads) {
    this.heads = heads;
    this.kvHeads = kvHeads;
    return this;
  }

  public RandomLlama contextLength(int contextLength) {
    this.contextLength = contextLength;
    return this;
  }

  public RandomLlama ropeBase(double ropeBase) {
    this.ropeBase = ropeBase;
    return this;
  }

  /** Whether the output matrix is the embedding; otherwise {@code output.weight} is written. */
  public RandomLlama tied(boolean tied) {
    this.tied = tied;
    return this;
  }

  public RandomLlama seed(long seed) {
    this.seed = seed;
    return this;
  }

  /** One type for all matrices; norms stay F32. */
  public RandomLlama type(TensorType type) {
    return types(name -> type);
  }

  /** The type of each matrix by tensor name; norms stay F32. */
  public RandomLlama types(Function<String, TensorType> types) {
    this.types = types;
    return this;
  }

  public Path writeTo(Path path) throws IOException {
    return writer().writeTo(path);
  }

  /** Returns the writer, for tests that change or remove something before writing. */
  public GgufWriter writer() {
    SplittableRandom random = new SplittableRandom(seed);
    int headSize = width / heads;
    int vocabulary = TinyVocabulary.tokens().size();
    GgufWriter writer =
        TinyVocabulary.putInto(
            new GgufWriter()
                .put("general.architecture", "llama")
                .put("general.name", "random-llama")
                .put("llama.block_count", layers)
                .put("llama.context_length", contextLength)
                .put("llama.embedding_length", width)
                .put("llama.feed_forward_length", feedForward)
                .put("llama.attention.head_count", heads)
                .put("llama.attention.head_count_kv", kvHeads)
                .put("llama.attention.layer_norm_rms_epsilon", 1e-5f)
                .put("llama.rope.freq_base", (float) ropeBase)
                .put("llama.rope.dimension_count", headSize)
                .put("llama.vocab_size", vocabulary));
    matrix(writer, random, "token_embd.weight", width, vocabulary);
    norm(writer, random, "output_norm.weight");
    if (!tied) {
      matrix(writer, random, "output.weight", width, vocabulary);
    }
    for (int i = 0; i < layers; i++) {
      String block = "blk." + i + ".";
      norm(writer, random, block + "attn_norm.weight");
      matrix(writer, random, block + "attn_q.weight", width, heads * headSize);
      matrix(writer, random, block + "attn_k.weight", width, kvHeads * headSize);
      matrix(writer, random, block + "attn_v.weight", width, kvHeads * headSize);
      matrix(writer, random, block + "attn_output.weight", heads * headSize, width);
      norm(writer, random, block + "ffn_norm.weight");
      matrix(writer, random, block + "ffn_gate.weight", width, feedForward);
      matrix(writer, random, block + "ffn_up.weight", width, feedForward);
      matrix(writer, random, block + "ffn_down.weight", feedForward, width);
    }
    return writer;
  }

  private void matrix(GgufWriter writer, SplittableRandom random, String name, int cols, int rows) {
    TensorType type = types.apply(name);
    if (cols % type.blockSize() != 0) {
      throw new IllegalArgumentException(
          name + " cols: " + cols + " (expected: a multiple of " + type.blockSize() + ")");
    }
    byte[] data = RandomBlocks.of(type, (long) cols * rows, 1 / Math.sqrt(cols), random);
    writer.tensor(name, type, data, cols, rows);
  }

  /** Norm weights scatter around one. */
  private void norm(GgufWriter writer, SplittableRandom random, String name) {
    GgufWriter.Bytes data = new GgufWriter.Bytes();
    for (int i = 0; i < width; i++) {
      data.int32(Float.floatToIntBits((float) (0.75 + 0.5 * random.nextDouble())));
    }
    writer.tensor(name, TensorType.F32, data.toByteArray(), width);
  }
}
