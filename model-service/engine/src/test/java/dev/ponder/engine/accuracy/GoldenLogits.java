package dev.ponder.engine.accuracy;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * The exact reference's logits over one token sequence: of every position the largest ones and the
 * log-sum-exp of all others.
 *
 * <p>Layout, gzipped and big-endian: {@code "PGL1"}, SHA-256 of the model file (UTF), the counts of
 * texts, tokens, vocabulary and kept logits; of each text its name (UTF) and token count; then
 * token ids (int), rest (double), kept ids (int) and kept logits (float), position by position.
 */
final class GoldenLogits {
  private static final byte[] MAGIC = "PGL1".getBytes(StandardCharsets.US_ASCII);

  /** A run of tokens of one kind of text. */
  record Text(String name, int start, int tokens) {}

  private final String modelDigest;
  private final int vocabulary;
  private final List<Text> texts;
  private final int[] tokens;
  private final double[] rest;
  private final int[][] ids;
  private final float[][] logits;

  private GoldenLogits(
      String modelDigest,
      int vocabulary,
      List<Text> texts,
      int[] tokens,
      double[] rest,
      int[][] ids,
      float[][] logits) {
    this.modelDigest = modelDigest;
    this.vocabulary = vocabulary;
    this.texts = texts;
    this.tokens = tokens;
    this.rest = rest;
    this.ids = ids;
    this.logits = logits;
  }

  static GoldenLogits read(InputStream in) throws IOException {
    try (DataInputStream data =
        new DataInputStream(new BufferedInputStream(new GZIPInputStream(in), 1 << 16))) {
      if (!Arrays.equals(data.readNBytes(MAGIC.length), MAGIC)) {
        throw new IOException("golden logits: not a PGL1 file");
      }
      String digest = data.readUTF();
      int textCount = data.readInt();
      int positions = data.readInt();
      int vocabulary = data.readInt();
      int kept = data.readInt();
      List<Text> texts = new ArrayList<>();
      int start = 0;
      for (int i = 0; i < textCount; i++) {
        Text text = new Text(data.readUTF(), start, data.readInt());
        texts.add(text);
        start += text.tokens();
      }
      int[] tokens = ints(data, positions);
      double[] rest = new double[positions];
      for (int i = 0; i < positions; i++) {
        rest[i] = data.readDouble();
      }
      int[][] ids = new int[positions][];
      for (int i = 0; i < positions; i++) {
        ids[i] = ints(data, kept);
      }
      float[][] logits = new float[positions][kept];
      for (float[] row : logits) {
        for (int i = 0; i < kept; i++) {
          row[i] = data.readFloat();
        }
      }
      return new GoldenLogits(digest, vocabulary, texts, tokens, rest, ids, logits);
    }
  }

  private static int[] ints(DataInputStream data, int count) throws IOException {
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = data.readInt();
    }
    return values;
  }

  String modelDigest() {
    return modelDigest;
  }

  List<Text> texts() {
    return texts;
  }

  int[] tokens() {
    return tokens.clone();
  }

  int vocabulary() {
    return vocabulary;
  }

  /** The reference's most likely token behind {@code position}. */
  int best(int position) {
    return ids[position][0];
  }

  /**
   * KL(reference || ours) in nats of one position, with all tokens but the kept ones lumped into
   * one outcome. Lumping outcomes never raises a KL divergence (data processing inequality), so
   * this is a lower bound of the full figure, which {@code compare_logits.py} computes; with 128
   * kept tokens the two differ little, since the rest holds little mass.
   */
  double divergence(int position, float[] ours) {
    int[] kept = ids[position];
    double[] p = new double[kept.length + 1];
    double[] q = new double[kept.length + 1];
    float[] others = ours.clone();
    for (int i = 0; i < kept.length; i++) {
      p[i] = logits[position][i];
      q[i] = ours[kept[i]];
      others[kept[i]] = Float.NEGATIVE_INFINITY;
    }
    p[kept.length] = rest[position];
    q[kept.length] = logSumExp(others);
    double logP = logSumExp(p);
    double logQ = logSumExp(q);
    double divergence = 0;
    for (int i = 0; i < p.length; i++) {
      double log = p[i] - logP;
      divergence += Math.exp(log) * (log - (q[i] - logQ));
    }
    return divergence;
  }

  static double logSumExp(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return logSumExp(wide);
  }

  static double logSumExp(double[] values) {
    double peak = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      peak = Math.max(peak, value);
    }
    double sum = 0;
    for (double value : values) {
      sum += Math.exp(value - peak);
    }
    return peak + Math.log(sum);
  }
}
