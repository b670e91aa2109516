package dev.ponder.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ponder.engine.gguf.GgufMetadata;
import dev.ponder.engine.gguf.TensorType;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes a llama model with random weights of a real model's shape, for speed figures where the
 * real weights are not at hand. Embeddings are tied to the output. What it generates means nothing;
 * scales are chosen so that weights spread by about {@value #SPREAD}, which keeps activations
 * finite.
 */
final class RandomModel {
  private static final double SPREAD = 0.02;
  private static final int ALIGNMENT = 32;
  private static final int CONTEXT = 8192;
  private static final float NORM_EPSILON = 1e-5f;
  private static final float ROPE_BASE = 100_000;

  /** GGUF's numbers of value types. */
  private static final int UINT32 = 4;

  private static final int INT32 = 5;
  private static final int FLOAT32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;

  /** The sizes of a model. */
  record Shape(int layers, int width, int feedForward, int heads, int kvHeads) {

    /**
     * @throws IllegalArgumentException when the name is not known
     */
    static Shape named(String name) {
      return switch (name) {
        case "135m" -> new Shape(30, 576, 1536, 9, 3);
        case "1b" -> new Shape(16, 2048, 8192, 32, 8);
        default ->
            throw new IllegalArgumentException("random-shape: " + name + " (expected: 135m or 1b)");
      };
    }
  }

  private record Tensor(String name, TensorType type, int columns, int rows) {
    long blocks() {
      return (long) columns * rows / type.blockSize();
    }

    long paddedBytes() {
      long bytes = blocks() * type.blockBytes();
      return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
  }

  private RandomModel() {}

  /**
   * Writes the file; the same arguments give the same bytes.
   *
   * @param vocabulary the model file whose tokenizer is taken over
   * @param type of all matrices; norms are F32
   */
  static void write(Path out, GgufMetadata vocabulary, Shape shape, TensorType type)
      throws IOException {
    if (shape.width() % type.blockSize() != 0) {
      throw new IllegalArgumentException(
          "type: %s (expected: one whose blocks of %d divide rows of %d)"
              .formatted(type, type.blockSize(), shape.width()));
    }
    List<String> tokens = vocabulary.strings("tokenizer.ggml.tokens");
    List<Tensor> tensors = tensors(shape, type, tokens.size());
    Path partial = out.resolveSibling(out.getFileName() + ".part");
    try (OutputStream stream = new BufferedOutputStream(Files.newOutputStream(partial), 1 << 20)) {
      stream.write(header(vocabulary, shape, tensors, tokens));
      SplittableRandom random = new SplittableRandom(1);
      for (Tensor tensor : tensors) {
        writeBlocks(stream, tensor, random);
      }
    }
    Files.move(partial, out, StandardCopyOption.REPLACE_EXISTING);
  }

  private static List<Tensor> tensors(Shape shape, TensorType type, int vocabulary) {
    int width = shape.width();
    int kv = width / shape.heads() * shape.kvHeads();
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(new Tensor("token_embd.weight", type, width, vocabulary));
    tensors.add(new Tensor("output_norm.weight", TensorType.F32, width, 1));
    for (int layer = 0; layer < shape.layers(); layer++) {
      String prefix = "blk." + layer + ".";
      tensors.add(new Tensor(prefix + "attn_norm.weight", TensorType.F32, width, 1));
      tensors.add(new Tensor(prefix + "attn_q.weight", type, width, width));
      tensors.add(new Tensor(prefix + "attn_k.weight", type, width, kv));
      tensors.add(new Tensor(prefix + "attn_v.weight", type, width, kv));
      tensors.add(new Tensor(prefix + "attn_output.weight", type, width, width));
      tensors.add(new Tensor(prefix + "ffn_norm.weight", TensorType.F32, width, 1));
      tensors.add(new Tensor(prefix + "ffn_gate.weight", type, width, shape.feedForward()));
      tensors.add(new Tensor(prefix + "ffn_up.weight", type, width, shape.feedForward()));
      tensors.add(new Tensor(prefix + "ffn_down.weight", type, shape.feedForward(), width));
    }
    return tensors;
  }

  private static byte[] header(
      GgufMetadata vocabulary, Shape shape, List<Tensor> tensors, List<String> tokens) {
    Pairs pairs = new Pairs();
    pairs.text("general.architecture", "llama").text("general.name", "random weights");
    pairs
        .integer("llama.block_count", shape.layers())
        .integer("llama.context_length", CONTEXT)
        .integer("llama.embedding_length", shape.width())
        .integer("llama.feed_forward_length", shape.feedForward())
        .integer("llama.attention.head_count", shape.heads())
        .integer("llama.attention.head_count_kv", shape.kvHeads())
        .integer("llama.rope.dimension_count", shape.width() / shape.heads())
        .integer("llama.vocab_size", tokens.size())
        .decimal("llama.attention.layer_norm_rms_epsilon", NORM_EPSILON)
        .decimal("llama.rope.freq_base", ROPE_BASE);
    for (String key : List.of("tokenizer.ggml.model", "tokenizer.ggml.pre")) {
      if (vocabulary.has(key)) {
        pairs.text(key, vocabulary.string(key));
      }
    }
    pairs.texts("tokenizer.ggml.tokens", tokens);
    if (vocabulary.has("tokenizer.ggml.token_type")) {
      pairs.integers("tokenizer.ggml.token_type", vocabulary.ints("tokenizer.ggml.token_type"));
    }
    if (vocabulary.has("tokenizer.ggml.merges")) {
      pairs.texts("tokenizer.ggml.merges", vocabulary.strings("tokenizer.ggml.merges"));
    }
    for (String role : List.of("bos", "eos", "unknown", "padding")) {
      String key = "tokenizer.ggml." + role + "_token_id";
      if (vocabulary.has(key)) {
        pairs.integer(key, Math.toIntExact(vocabulary.integer(key)));
      }
    }
    pairs.flag(
        "tokenizer.ggml.add_bos_token", vocabulary.bool("tokenizer.ggml.add_bos_token", false));

    Bytes out = new Bytes();
    out.int32(0x46554747).int32(3).int64(tensors.size()).int64(pairs.count).bytes(pairs.out);
    long offset = 0;
    for (Tensor tensor : tensors) {
      boolean vector = tensor.rows() == 1;
      out.text(tensor.name()).int32(vector ? 1 : 2).int64(tensor.columns());
      if (!vector) {
        out.int64(tensor.rows());
      }
      out.int32(tensor.type().id()).int64(offset);
      offset += tensor.paddedBytes();
    }
    return out.padded(ALIGNMENT);
  }

  private static void writeBlocks(OutputStream stream, Tensor tensor, SplittableRandom random)
      throws IOException {
    byte[] bytes = new byte[tensor.type().blockBytes()];
    ByteBuffer block = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (long i = 0; i < tensor.blocks(); i++) {
      random.nextBytes(bytes);
      fixScales(tensor, block, random);
      stream.write(bytes);
    }
    stream.write(
        new byte[(int) (tensor.paddedBytes() - tensor.blocks() * tensor.type().blockBytes())]);
  }

  /**
   * Overwrites the fields of a block that are no plain random bits; spreads: a byte 74, a nibble
   * 4.6.
   */
  private static void fixScales(Tensor tensor, ByteBuffer block, SplittableRandom random) {
    switch (tensor.type()) {
      case F32 -> block.putFloat(0, tensor.rows() == 1 ? 1 : uniform(random));
      case F16 -> block.putShort(0, Float.floatToFloat16(uniform(random)));
      case BF16 -> block.putShort(0, (short) (Float.floatToRawIntBits(uniform(random)) >> 16));
      case Q8_0 -> half(block, 0, SPREAD / 74);
      case Q4_0 -> half(block, 0, SPREAD / 4.6);
      case Q5_0 -> half(block, 0, SPREAD / 9.2);
      case Q4_1 -> {
        half(block, 0, SPREAD / 4.6);
        half(block, 2, -7.5 * SPREAD / 4.6);
      }
      case Q5_1 -> {
        half(block, 0, SPREAD / 9.2);
        half(block, 2, -15.5 * SPREAD / 9.2);
      }
      // 6-bit scales and minimums of mean 31.5: the second factor centres the weights on zero.
      case Q4_K -> {
        half(block, 0, SPREAD / 4.6 / 31.5);
        half(block, 2, 7.5 * SPREAD / 4.6 / 31.5);
      }
      case Q5_K -> {
        half(block, 0, SPREAD / 9.2 / 31.5);
        half(block, 2, 15.5 * SPREAD / 9.2 / 31.5);
      }
      // 8-bit scales of spread 74 by 6-bit weights of spread 18.5, the half behind both
      case Q6_K -> half(block, 208, SPREAD / 74 / 18.5);
    }
  }

  private static float uniform(SplittableRandom random) {
    return (float) ((random.nextDouble() - 0.5) * Math.sqrt(12) * SPREAD);
  }

  private static void half(ByteBuffer block, int at, double value) {
    block.putShort(at, Float.floatToFloat16((float) value));
  }

  /** Metadata pairs in GGUF's encoding. */
  private static final class Pairs {
    private final Bytes out = new Bytes();
    private int count;

    private Bytes key(String key, int type) {
      count++;
      return out.text(key).int32(type);
    }

    Pairs text(String key, String value) {
      key(key, STRING).text(value);
      return this;
    }

    Pairs integer(String key, int value) {
      key(key, UINT32).int32(value);
      return this;
    }

    Pairs decimal(String key, float value) {
      key(key, FLOAT32).int32(Float.floatToRawIntBits(value));
      return this;
    }

    Pairs flag(String key, boolean value) {
      key(key, BOOL).bytes(new byte[] {(byte) (value ? 1 : 0)});
      return this;
    }

    Pairs texts(String key, List<String> values) {
      key(key, ARRAY).int32(STRING).int64(values.size());
      values.forEach(out::text);
      return this;
    }

    Pairs integers(String key, int[] values) {
      key(key, ARRAY).int32(INT32).int64(values.length);
      for (int value : values) {
        out.int32(value);
      }
      return this;
    }
  }

  /** A growing little-endian buffer. */
  private static final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Bytes int32(int value) {
      return int32s(value);
    }

    Bytes int64(long value) {
      return int32s((int) value, (int) (value >>> 32));
    }

    private Bytes int32s(int... values) {
      ByteBuffer buffer =
          ByteBuffer.allocate(Integer.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
      buffer.asIntBuffer().put(values);
      return bytes(buffer.array());
    }

    Bytes text(String value) {
      byte[] bytes = value.getBytes(UTF_8);
      return int64(bytes.length).bytes(bytes);
    }

    Bytes bytes(byte[] value) {
      out.writeBytes(value);
      return this;
    }

    Bytes bytes(Bytes value) {
      return bytes(value.out.toByteArray());
    }

    byte[] padded(int alignment) {
      while (out.size() % alignment != 0) {
        out.write(0);
      }
      return out.toByteArray();
    }
  }
}
