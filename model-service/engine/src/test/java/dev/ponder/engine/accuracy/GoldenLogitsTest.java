package dev.ponder.engine.accuracy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** The yardstick itself, on a vocabulary of four of which two logits are kept. */
class GoldenLogitsTest {
  private static final float[] REFERENCE = {1, 3, 2, 0};

  @Test
  void equalLogitsHaveNoDivergence() throws IOException {
    assertThat(golden().divergence(0, REFERENCE)).isCloseTo(0, within(1e-12));
  }

  @Test
  void aConstantAddedToAllLogitsChangesNothing() throws IOException {
    assertThat(golden().divergence(0, new float[] {11, 13, 12, 10})).isCloseTo(0, within(1e-12));
  }

  @Test
  void divergenceIsThatOfTheLumpedDistributions() throws IOException {
    float[] ours = {0, 2, 3, 1};
    // In natural units: kept tokens 1 and 2, the rest lumped.
    double[] p = {Math.exp(3), Math.exp(2), Math.exp(1) + 1};
    double[] q = {Math.exp(2), Math.exp(3), 1 + Math.exp(1)};
    double total = p[0] + p[1] + p[2];
    double expected = 0;
    for (int i = 0; i < 3; i++) {
      expected += p[i] / total * Math.log(p[i] / q[i]);
    }
    assertThat(golden().divergence(0, ours)).isCloseTo(expected, within(1e-12));
  }

  @Test
  void swapsWithinTheRestAreNotSeen() throws IOException {
    // Why the figure is called a lower bound: these logits do differ.
    assertThat(golden().divergence(0, new float[] {0, 3, 2, 1})).isCloseTo(0, within(1e-12));
  }

  @Test
  void refusesAnotherFormat() throws IOException {
    byte[] bytes = gzip(new byte[] {'P', 'G', 'L', '9', 0, 0});
    assertThatThrownBy(() -> GoldenLogits.read(new ByteArrayInputStream(bytes)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("PGL1");
  }

  private static GoldenLogits golden() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeBytes("PGL1");
      out.writeUTF("digest");
      for (int value : new int[] {1, 1, REFERENCE.length, 2}) {
        out.writeInt(value);
      }
      out.writeUTF("prose");
      out.writeInt(1);
      out.writeInt(0);
      out.writeDouble(Math.log(Math.exp(REFERENCE[0]) + Math.exp(REFERENCE[3])));
      out.writeInt(1);
      out.writeInt(2);
      out.writeFloat(REFERENCE[1]);
      out.writeFloat(REFERENCE[2]);
    }
    return GoldenLogits.read(new ByteArrayInputStream(gzip(bytes.toByteArray())));
  }

  private static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }
}
