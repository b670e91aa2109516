package dev.ponder.engine.model;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.gguf.GgufMetadata;
import dev.ponder.engine.kernel.Matrix;
import java.util.ArrayList;
import java.util.List;

/**
 * The llama architecture: per layer, attention on the normalised hidden state, then a gated
 * feed-forward network on the normalised sum; RMS norms, rotary positions on neighbouring pairs,
 * grouped-query attention, tied or separate output matrix, optional biases everywhere.
 */
final class Llama {
  static final String NAME = "llama";

  private Llama() {}

  static Transformer build(GgufMetadata metadata, TensorSource source, Embedding embedding) {
    ModelShape s = ModelShape.of(metadata, embedding.rows());
    if (embedding.cols() != s.width()) {
      throw EngineException.invalidFile(
          "token_embd.weight row length", embedding.cols(), Integer.toString(s.width()));
    }
    RopeTable rope =
        new RopeTable(s, source.optionalVector("rope_freqs.weight", s.ropeDimensions() / 2));
    int queries = s.heads() * s.headSize();
    int keys = s.kvHeads() * s.headSize();
    List<Transformer.Layer> layers = new ArrayList<>();
    for (int i = 0; i < s.layers(); i++) {
      String layer = "blk." + i + ".";
      AttentionBlock attention =
          new AttentionBlock(
              s,
              i,
              source.vector(layer + "attn_norm.weight", s.width()),
              source.matrix(layer + "attn_q", queries, s.width()),
              source.matrix(layer + "attn_k", keys, s.width()),
              source.matrix(layer + "attn_v", keys, s.width()),
              source.matrix(layer + "attn_output", s.width(), queries),
              rope);
      FeedForwardBlock feedForward =
          new FeedForwardBlock(
              s,
              source.vector(layer + "ffn_norm.weight", s.width()),
              source.matrix(layer + "ffn_gate", s.feedForward(), s.width()),
              source.matrix(layer + "ffn_up", s.feedForward(), s.width()),
              source.matrix(layer + "ffn_down", s.width(), s.feedForward()));
      layers.add(new Transformer.Layer(attention, feedForward));
    }
    float[] norm = source.vector("output_norm.weight", s.width());
    boolean tied = !source.has("output.weight");
    if (!tied) {
      source.loaded(source.tensor("token_embd.weight", s.vocabulary(), s.width()));
    }
    Matrix output = source.matrix(tied ? "token_embd" : "output", s.vocabulary(), s.width());
    return new Transformer(s, embedding, rope, layers, norm, output);
  }
}
