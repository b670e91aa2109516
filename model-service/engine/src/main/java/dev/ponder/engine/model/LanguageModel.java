package dev.ponder.engine.model;

import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kv.KvPool;

/**
 * A loaded model: tokens in, logits out. The bits of a row depend on its own sequence and nothing
 * else: not on the rows beside it, the number of threads, the kernels, or the way its prefix came
 * into the pages. Used by one thread at a time, except for {@link #counters}.
 */
public interface LanguageModel extends AutoCloseable {

  /**
   * Loads a model. The file must stay open as long as the model.
   *
   * @throws dev.ponder.engine.EngineException UNSUPPORTED or MODEL_FILE_INVALID
   */
  static LanguageModel load(GgufFile file, ModelOptions options) {
    return TransformerModel.load(file, options);
  }

  ModelShape shape();

  /** Returns the number of weights. */
  long parameters();

  ActivationPrecision activations();

  /** Returns how the model stores keys and values. */
  KvType kvType();

  KernelTier tier();

  /** Returns what computes, for people: kernels and threads. */
  String kernelDescription();

  /** Returns the tensor type that holds most weights. */
  String quantization();

  /** Returns a pool of pages for this model's keys and values; the caller closes it. */
  KvPool newKvPool(int pages);

  /** Returns a batch, which holds the memory of a forward pass over up to {@code maxRows} rows. */
  Batch newBatch(int maxRows, int maxLogitRows);

  /**
   * Computes all rows of a batch of this model: writes their keys and values into the pages and
   * advances the sequences.
   */
  void forward(Batch batch);

  WorkCounters counters();

  /** Ends the threads and frees the weights. Idempotent. */
  @Override
  void close();
}
