package dev.ponder.engine.schedule;

import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.model.Batch;
import dev.ponder.engine.model.LanguageModel;
import dev.ponder.engine.model.ModelShape;
import dev.ponder.engine.model.WorkCounters;
import java.util.function.Consumer;

/** A real model that lets a test in before and after each step. */
final class HookedModel implements LanguageModel {
  private final LanguageModel model;
  volatile Consumer<Batch> before = batch -> {};
  volatile Consumer<Batch> after = batch -> {};

  HookedModel(LanguageModel model) {
    this.model = model;
  }

  @Override
  public ModelShape shape() {
    return model.shape();
  }

  @Override
  public long parameters() {
    return model.parameters();
  }

  @Override
  public ActivationPrecision activations() {
    return model.activations();
  }

  @Override
  public KvType kvType() {
    return model.kvType();
  }

  @Override
  public KernelTier tier() {
    return model.tier();
  }

  @Override
  public String kernelDescription() {
    return model.kernelDescription();
  }

  @Override
  public String quantization() {
    return model.quantization();
  }

  @Override
  public KvPool newKvPool(int pages) {
    return model.newKvPool(pages);
  }

  @Override
  public Batch newBatch(int maxRows, int maxLogitRows) {
    return model.newBatch(maxRows, maxLogitRows);
  }

  @Override
  public void forward(Batch batch) {
    before.accept(batch);
    synchronized (model) { // schedulers of one test share it, and a model has one user at a time
      model.forward(batch);
    }
    after.accept(batch);
  }

  @Override
  public WorkCounters counters() {
    return model.counters();
  }

  @Override
  public void close() {}
}
