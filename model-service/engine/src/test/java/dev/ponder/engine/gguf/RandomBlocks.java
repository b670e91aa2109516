package dev.ponder.engine.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Makes stored tensor data with random quants and scales such that the weights have a standard
 * deviation near {@code spread}. Every code of a format occurs, so that decoders are fully used.
 */
public final class RandomBlocks {
  private RandomBlocks() {}

  /** Returns the bytes of {@code elements} random weights, a multiple of the type's block. */
  public static byte[] of(TensorType type, long elements, double spread, SplittableRandom random) {
    ByteBuffer out =
        ByteBuffer.allocate(Math.toIntExact(type.bytes(elements))).order(ByteOrder.LITTLE_ENDIAN);
    while (out.hasRemaining()) {
      block(type, spread, random, out);
    }
    return out.array();
  }

  /** Standard deviation of a uniform code of 4, 5 and 6 bits: 4.6, 9.2, 18.5; of 8 bits: 73.9. */
  private static void block(TensorType type, double s, SplittableRandom random, ByteBuffer out) {
    double jitter = 0.75 + 0.5 * random.nextDouble();
    switch (type) {
      case F32 -> out.putFloat((float) (gaussian(random) * s));
      case F16 -> out.putShort(half(gaussian(random) * s));
      case BF16 ->
          out.putShort((short) (Float.floatToIntBits((float) (gaussian(random) * s)) >>> 16));
      case Q4_0 -> codes(out.putShort(half(signed(random) * jitter * s / 4.6)), random, 16);
      case Q4_1 -> {
        double d = jitter * s / 4.6;
        codes(out.putShort(half(d)).putShort(half(-7.5 * d)), random, 16);
      }
      case Q5_0 -> codes(out.putShort(half(signed(random) * jitter * s / 9.2)), random, 20);
      case Q5_1 -> {
        double d = jitter * s / 9.2;
        codes(out.putShort(half(d)).putShort(half(-15.5 * d)), random, 20);
      }
      case Q8_0 -> codes(out.putShort(half(jitter * s / 73.9)), random, 32);
      // 6-bit scales and minima average 31.5: d * 31.5 is the typical step of a sub-block.
      case Q4_K -> {
        double d = jitter * s / 4.6 / 36;
        codes(out.putShort(half(d)).putShort(half(7.5 * d)), random, 12 + 128);
      }
      case Q5_K -> {
        double d = jitter * s / 9.2 / 36;
        codes(out.putShort(half(d)).putShort(half(15.5 * d)), random, 12 + 32 + 128);
      }
      case Q6_K -> {
        codes(out, random, 128 + 64 + 16);
        out.putShort(half(jitter * s / 18.5 / 73.9));
      }
    }
  }

  private static void codes(ByteBuffer out, SplittableRandom random, int count) {
    byte[] codes = new byte[count];
    random.nextBytes(codes);
    out.put(codes);
  }

  private static short half(double value) {
    return Float.floatToFloat16((float) value);
  }

  private static double signed(SplittableRandom random) {
    return random.nextBoolean() ? 1 : -1;
  }

  /** The sum of twelve uniforms less six: near enough to a normal variable for weights. */
  private static double gaussian(SplittableRandom random) {
    double sum = -6;
    for (int i = 0; i < 12; i++) {
      sum += random.nextDouble();
    }
    return sum;
  }
}
