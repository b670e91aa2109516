package dev.ponder.engine.model;

import dev.ponder.engine.kernel.Activations;
import dev.ponder.engine.kernel.Matrix;
import java.util.List;

/** SwiGLU: adds {@code down(silu(gate(x)) * up(x))} of the normalised x to the hidden states. */
final class FeedForwardBlock {
  /** Tiles whose outputs fill whole blocks of activations. */
  private static final int TILES = Activations.BLOCK / Matrix.TILE;

  private final ModelShape shape;
  private final float[] norm;
  private final Matrix gate;
  private final Matrix up;
  private final Matrix down;

  FeedForwardBlock(ModelShape shape, float[] norm, Matrix gate, Matrix up, Matrix down) {
    this.shape = shape;
    this.norm = norm;
    this.gate = gate;
    this.up = up;
    this.down = down;
  }

  void forward(Batch batch, Step step) {
    Workspace work = batch.workspace;
    Activations x = Norm.rows(work, norm, shape.normEpsilon(), batch.rows(), step);
    int units = (gate.tiles() + TILES - 1) / TILES;
    int from = Math.min(step.from(units) * TILES, gate.tiles());
    int to = Math.min(step.to(units) * TILES, gate.tiles());
    if (from < to) {
      step.kernels.gated(gate, up, x, work.gated, work.gatedInput, from, to, step.scratch);
    }
    step.sync();
    step.kernels.multiply(
        down,
        work.gatedInput,
        work.hidden,
        0,
        true,
        step.from(down.tiles()),
        step.to(down.tiles()),
        step.scratch);
    step.sync();
  }

  /** Tells which matrices read the normalised hidden states, and which read the gated product. */
  void consumers(List<Matrix> normed, List<Matrix> gated) {
    normed.add(gate);
    normed.add(up);
    gated.add(down);
  }

  /** Returns the matrices of one pass. */
  List<Matrix> matrices() {
    return List.of(gate, up, down);
  }
}
