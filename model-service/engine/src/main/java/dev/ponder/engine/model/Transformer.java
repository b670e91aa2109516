package dev.ponder.engine.model;

import dev.ponder.engine.kernel.Matrix;
import java.util.ArrayList;
import java.util.List;

/** The parts of a decoder-only transformer, and the order in which a batch runs through them. */
record Transformer(
    ModelShape shape,
    Embedding embedding,
    RopeTable rope,
    List<Layer> layers,
    OutputNorm norm,
    Matrix output) {

  /** One layer. */
  record Layer(AttentionBlock attention, FeedForwardBlock feedForward) {}

  /** The gains of the last norm; not an array, because a record must not hold one. */
  static final class OutputNorm {
    private final float[] gain;

    OutputNorm(float[] gain) {
      this.gain = gain;
    }
  }

  Transformer(
      ModelShape shape,
      Embedding embedding,
      RopeTable rope,
      List<Layer> layers,
      float[] norm,
      Matrix output) {
    this(shape, embedding, rope, List.copyOf(layers), new OutputNorm(norm), output);
  }

  /** One member's part of a forward pass. */
  void forward(Batch batch, Step step) {
    Workspace work = batch.workspace;
    for (int row = step.from(batch.rows()); row < step.to(batch.rows()); row++) {
      embedding.decode(batch.token(row), work.hidden[row], step.embedding);
    }
    step.sync();
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      layer.attention.forward(batch, step);
      layer.feedForward.forward(batch, step);
    }
    int slots = batch.logitCount();
    for (int slot = step.from(slots); slot < step.to(slots); slot++) {
      float[] normed = work.normed[batch.logitRow(slot)];
      step.kernels.rmsNorm(
          work.hidden[batch.logitRow(slot)], norm.gain, shape.normEpsilon(), normed, step.scratch);
      work.headInput.set(slot, normed, 0, shape.width());
    }
    step.sync();
    if (slots > 0) {
      step.kernels.multiply(
          output,
          work.headInput,
          batch.logits(),
          0,
          false,
          step.from(output.tiles()),
          step.to(output.tiles()),
          step.scratch);
    }
  }

  /** Returns the matrices that every row goes through; the output matrix is not one of them. */
  List<Matrix> layerMatrices() {
    List<Matrix> all = new ArrayList<>();
    for (Layer layer : layers) {
      all.addAll(layer.attention.matrices());
      all.addAll(layer.feedForward.matrices());
    }
    return all;
  }
}
