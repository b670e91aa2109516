package dev.ponder.model.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;

class FrameAssemblerTest {
  private static final long SEED = Long.getLong("test.seed", 20_261_123L);

  @Test
  void cutsTheSameFramesHoweverTheStreamIsChopped() {
    SplittableRandom random = new SplittableRandom(SEED);
    List<byte[]> frames = new ArrayList<>();
    ByteBuffer stream = ByteBuffer.allocate(10_000).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 20; i++) {
      byte[] frame = new byte[random.nextInt(64, 400)];
      random.nextBytes(frame);
      frames.add(frame);
      stream.putInt(frame.length).put(frame);
    }
    byte[] bytes = Arrays.copyOf(stream.array(), stream.position());
    for (int round = 0; round < 200; round++) {
      FrameAssembler assembler = new FrameAssembler();
      List<byte[]> cut = new ArrayList<>();
      int most = round == 0 ? 1 : random.nextInt(1, 1500); // round 0: byte by byte
      for (int at = 0; at < bytes.length; ) {
        int end = Math.min(bytes.length, at + random.nextInt(1, most + 1));
        byte[] piece = Arrays.copyOfRange(bytes, at, end);
        cut.addAll(assembler.push(DefaultDataBufferFactory.sharedInstance.wrap(piece)));
        at = end;
      }
      assertThat(cut).as("seed %d round %d", SEED, round).hasSize(20);
      for (int i = 0; i < 20; i++) {
        assertThat(cut.get(i)).as("seed %d round %d", SEED, round).isEqualTo(frames.get(i));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 63, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 25})
  void aLengthThatNoFrameHasIsRefusedBeforeAnythingIsAllocated(int length) {
    ByteBuffer stream = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(length);
    assertThatThrownBy(() ->
            new FrameAssembler().push(DefaultDataBufferFactory.sharedInstance.wrap(stream.array())))
        .isInstanceOfSatisfying(
            PonderException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.KV_BLOCK_CORRUPT));
  }
}
