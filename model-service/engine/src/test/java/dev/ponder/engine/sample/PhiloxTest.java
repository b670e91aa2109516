package dev.ponder.engine.sample;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PhiloxTest {

  /** The known answers published with Random123 (kat_vectors, philox4x32 10). */
  @Test
  void givesThePublishedAnswers() {
    assertThat(Philox.block(0, 0, 0, 0, 0, 0))
        .containsExactly(0xe169c58d_6627e8d5L, 0x9b00dbd8_bc57ac4cL);
    assertThat(Philox.block(-1, -1, -1, -1, -1, -1))
        .containsExactly(0x41c83b0e_408f276dL, 0x6d5451fd_a20bc7c6L);
    assertThat(Philox.block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0))
        .containsExactly(0x94fdcceb_d16cfe09L, 0x24126ea1_5001e420L);
  }

  @Test
  void everyPartOfTheKeyCounts() {
    long draw = Philox.draw(1, 2, 3);
    assertThat(draw).isEqualTo(Philox.draw(1, 2, 3));
    assertThat(draw).isNotEqualTo(Philox.draw(2, 2, 3));
    assertThat(draw).isNotEqualTo(Philox.draw(1L << 32 | 1, 2, 3));
    assertThat(draw).isNotEqualTo(Philox.draw(1, 3, 3));
    assertThat(draw).isNotEqualTo(Philox.draw(1, 2, 4));
    assertThat(draw).isNotEqualTo(Philox.draw(1, 2, 3 + (1L << 32)));
  }
}
