package dev.ponder.engine.model;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.kernel.ActivationPrecision;
import dev.ponder.engine.kernel.Activations;
import dev.ponder.engine.kernel.KernelTier;
import dev.ponder.engine.kernel.Kernels;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kernel.Matrix;
import dev.ponder.engine.kernel.Team;
import dev.ponder.engine.kv.KvPool;
import dev.ponder.engine.kv.KvSequence;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A transformer with its threads and memory. */
final class TransformerModel implements LanguageModel {
  private final Transformer transformer;
  private final ModelShape shape;
  private final Kernels kernels;
  private final ActivationPrecision precision;
  private final KvType kvType;
  private final long parameters;

  /** Bytes of weights of one pass, with the output matrix and without. */
  private final long passBytes;

  private final long layerBytes;
  private final long layerWeights;
  private final long outputWeights;
  private final String quantization;
  private final Arena arena;
  private final Team team;
  private final Step[] steps;
  private final Team.Task task = this::run;
  private final AtomicLong weightBytes = new AtomicLong();
  private final AtomicLong kvBytes = new AtomicLong();
  private final AtomicLong products = new AtomicLong();
  private final AtomicLong forwardPasses = new AtomicLong();
  private final AtomicLong rows = new AtomicLong();
  private @Nullable Batch running;
  private boolean closed;

  private TransformerModel(
      Transformer transformer,
      Kernels kernels,
      ActivationPrecision precision,
      KvType kvType,
      TensorSource source,
      Arena arena,
      int threads) {
    this.transformer = transformer;
    this.shape = transformer.shape();
    this.kernels = kernels;
    this.precision = precision;
    this.kvType = kvType;
    this.parameters = source.parameters();
    List<Matrix> layers = transformer.layerMatrices();
    this.layerBytes = layers.stream().mapToLong(Matrix::bytes).sum();
    this.passBytes = layerBytes + transformer.output().bytes();
    this.layerWeights = layers.stream().mapToLong(TransformerModel::weights).sum();
    this.outputWeights = weights(transformer.output());
    this.quantization = source.quantization();
    this.arena = arena;
    team = new Team(threads, "engine");
    steps = new Step[threads];
    int widest =
        Math.max(shape.width(), Math.max(shape.feedForward(), shape.heads() * shape.headSize()));
    for (int i = 0; i < threads; i++) {
      steps[i] = new Step(team, i, kernels, widest, shape, kvType);
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // the model owns the arena and closes it
  static TransformerModel load(GgufFile file, ModelOptions options) {
    String architecture = file.metadata().architecture();
    if (!architecture.equals(Llama.NAME)) {
      throw EngineException.unsupported("general.architecture", architecture, Llama.NAME);
    }
    Kernels kernels = Kernels.of(options.tier(), options.log());
    Arena arena = Arena.ofShared();
    try {
      TensorSource source = new TensorSource(file, kernels, arena, options.progress());
      if (!source.has("token_embd.weight")) {
        throw EngineException.invalidFile("token_embd.weight", "missing", "a tensor of this name");
      }
      Embedding embedding = new Embedding(file.tensor("token_embd.weight"));
      Transformer transformer = Llama.build(file.metadata(), source, embedding);
      ActivationPrecision precision = options.activations();
      if (precision == null) {
        precision = ActivationPrecision.defaultFor(source.parameters());
      }
      return new TransformerModel(
          transformer, kernels, precision, options.kvType(), source, arena, options.threads());
    } catch (OutOfMemoryError e) {
      arena.close();
      throw new EngineException(
          EngineException.Kind.OUT_OF_MEMORY,
          "weights: " + file.fileSize() + " bytes in the file do not fit in memory",
          e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  @Override
  public ModelShape shape() {
    return shape;
  }

  @Override
  public long parameters() {
    return parameters;
  }

  @Override
  public ActivationPrecision activations() {
    return precision;
  }

  @Override
  public KvType kvType() {
    return kvType;
  }

  @Override
  public KernelTier tier() {
    return kernels.tier();
  }

  @Override
  public String kernelDescription() {
    return kernels.description() + ", " + team.size() + " threads";
  }

  @Override
  public String quantization() {
    return quantization;
  }

  @Override
  public KvPool newKvPool(int pages) {
    return new KvPool(pages, shape.layers(), shape.kvHeads(), shape.headSize(), kvType);
  }

  @Override
  public Batch newBatch(int maxRows, int maxLogitRows) {
    if (maxRows < 1 || maxLogitRows < 0 || maxLogitRows > maxRows) {
      throw EngineException.invalidArgument(
          "batch", maxRows + " and " + maxLogitRows, "rows, and at most as many with logits");
    }
    List<Matrix> normed = new ArrayList<>();
    List<Matrix> attended = new ArrayList<>();
    List<Matrix> gated = new ArrayList<>();
    for (Transformer.Layer layer : transformer.layers()) {
      layer.attention().consumers(normed, attended);
      layer.feedForward().consumers(normed, gated);
    }
    Activations[] singles = new Activations[team.size()];
    for (int i = 0; i < singles.length; i++) {
      singles[i] = kernels.activations(1, precision, normed.toArray(Matrix[]::new));
    }
    Workspace workspace =
        new Workspace(
            shape,
            maxRows,
            kernels.activations(maxRows, precision, normed.toArray(Matrix[]::new)),
            singles,
            kernels.activations(maxRows, precision, attended.toArray(Matrix[]::new)),
            kernels.activations(maxRows, precision, gated.toArray(Matrix[]::new)),
            kernels.activations(Math.max(1, maxLogitRows), precision, transformer.output()));
    return new Batch(this, maxRows, maxLogitRows, workspace);
  }

  /** Refuses a row that has no page of its own to write to. */
  void checkWritable(KvSequence sequence, int position) {
    KvPool pool = sequence.pool();
    int index = position / pool.pageTokens();
    if (index >= sequence.pageCount() || pool.references(sequence.page(index)) != 1) {
      throw EngineException.invalidArgument(
          "position", position, "a page of the sequence's own, see KvSequence.ensure");
    }
    if (!pool.fits(shape.layers(), shape.kvHeads(), shape.headSize(), kvType)) {
      throw EngineException.invalidArgument("KV pool", "of another model", "a pool of this model");
    }
  }

  @Override
  public void forward(Batch batch) {
    if (closed) {
      throw new EngineException(EngineException.Kind.CLOSED, "model: closed (expected: open)");
    }
    if (batch.model() != this) {
      throw EngineException.invalidArgument("batch", "of another model", "a batch of this model");
    }
    if (batch.rows() == 0) {
      return;
    }
    long attended = 0;
    for (int row = 0; row < batch.rows(); row++) {
      int position = batch.position(row);
      checkWritable(batch.sequence(row), position);
      transformer.rope().prepare(position);
      attended += position + 2; // one written, position + 1 attended to
    }
    int siblings = Workspace.siblings(batch.rows(), shape.kvHeads(), team.size());
    batch.workspace.prepare(batch, siblings);
    running = batch;
    try {
      team.run(task);
    } finally {
      running = null;
    }
    for (int row = 0; row < batch.rows(); row++) {
      batch.sequence(row).setLength(batch.position(row) + 1);
    }
    weightBytes.addAndGet(batch.logitCount() > 0 ? passBytes : layerBytes);
    long token = 2L * shape.layers() * shape.kvHeads() * kvType.tokenBytes(shape.headSize());
    kvBytes.addAndGet(token * attended);
    forwardPasses.incrementAndGet();
    rows.addAndGet(batch.rows());
    products.addAndGet(layerWeights * batch.rows() + outputWeights * batch.logitCount());
  }

  private static long weights(Matrix matrix) {
    return (long) matrix.rows() * matrix.cols();
  }

  private void run(int member) {
    Batch batch = running;
    if (batch != null) {
      transformer.forward(batch, steps[member]);
    }
  }

  @Override
  public WorkCounters counters() {
    return new WorkCounters(
        weightBytes.get(), kvBytes.get(), forwardPasses.get(), rows.get(), products.get());
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      team.close();
      arena.close();
    }
  }
}
