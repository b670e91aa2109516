package dev.ponder.engine.kernel;

import java.util.Arrays;

/**
 * What docs/arithmetic.md says of a stored key or value, written apart from the codecs: its codes
 * and scales, and what it reads back as.
 */
final class StoredForm {
  final byte[] codes;
  final short[] scales;
  final float[] floats;

  StoredForm(byte[] codes, short[] scales, float[] floats) {
    this.codes = codes;
    this.scales = scales;
    this.floats = floats;
  }

  static float[] floats(float[] x, KvType type) {
    return switch (type) {
      case F16 -> halves(x);
      case INT8 -> int8(x, 32).floats;
    };
  }

  private static float[] halves(float[] x) {
    float[] floats = new float[x.length];
    for (int d = 0; d < x.length; d++) {
      floats[d] = Float.float16ToFloat(Float.floatToFloat16(x[d]));
    }
    return floats;
  }

  static StoredForm int8(float[] x, int block) {
    StoredForm form =
        new StoredForm(
            new byte[x.length], new short[(x.length + block - 1) / block], new float[x.length]);
    for (int b = 0; b < form.scales.length; b++) {
      int from = b * block;
      float[] part = Arrays.copyOfRange(x, from, Math.min(x.length, from + block));
      float greatest = 0;
      boolean finite = true;
      for (float value : part) {
        finite &= Float.isFinite(value);
        greatest = Math.abs(value) > greatest ? Math.abs(value) : greatest;
      }
      float scale = Float.float16ToFloat(Float.floatToFloat16(greatest / 127));
      finite &= Float.isFinite(scale);
      form.scales[b] = finite ? Float.floatToFloat16(scale) : (short) 0x7E00;
      for (int i = 0; i < part.length; i++) {
        double code = finite && scale != 0 ? Math.rint(part[i] / scale) : 0;
        form.codes[from + i] = (byte) (code > 127 ? 127 : code < -127 ? -127 : code);
        form.floats[from + i] = finite ? form.codes[from + i] * scale : Float.NaN;
      }
    }
    return form;
  }
}
