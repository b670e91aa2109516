package dev.ponder.engine.model;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.format.Unpacked;
import dev.ponder.engine.format.WeightFormat;
import dev.ponder.engine.gguf.GgufFile;
import dev.ponder.engine.gguf.GgufTensor;
import dev.ponder.engine.gguf.TensorType;
import dev.ponder.engine.kernel.Kernels;
import dev.ponder.engine.kernel.Matrix;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;

/** Takes the tensors of a model out of its file, checks their shapes, and lays them out. */
final class TensorSource {
  private final GgufFile file;
  private final Kernels kernels;
  private final Arena arena;
  private final DoubleConsumer progress;
  private final Map<TensorType, Long> elements = new EnumMap<>(TensorType.class);
  private final long totalBytes;
  private long loadedBytes;

  TensorSource(GgufFile file, Kernels kernels, Arena arena, DoubleConsumer progress) {
    this.file = file;
    this.kernels = kernels;
    this.arena = arena;
    this.progress = progress;
    this.totalBytes = Math.max(1, file.tensors().stream().mapToLong(GgufTensor::byteSize).sum());
  }

  boolean has(String name) {
    return file.has(name);
  }

  /** A weight matrix {@code name.weight} with its optional {@code name.bias}. */
  Matrix matrix(String name, int rows, int cols) {
    GgufTensor tensor = tensor(name + ".weight", rows, cols);
    WeightFormat format = WeightFormat.of(tensor.type());
    format.checkCols(tensor.name(), cols);
    format.check(tensor.name(), tensor.data());
    String bias = name + ".bias";
    float[] biases = has(bias) ? vector(bias, rows) : null;
    Matrix matrix = kernels.matrix(name, format, tensor.data(), rows, cols, biases, arena);
    loaded(tensor);
    return matrix;
  }

  /** A tensor of one row, as floats. */
  float[] vector(String name, int length) {
    GgufTensor tensor = tensor(name, 1, length);
    float[] values = new float[length];
    WeightFormat format = WeightFormat.of(tensor.type());
    format.checkCols(name, length);
    format.decode(tensor.data(), 0, length, values, new Unpacked(length));
    loaded(tensor);
    return values;
  }

  float @Nullable [] optionalVector(String name, int length) {
    return has(name) ? vector(name, length) : null;
  }

  /** A tensor as the file has it, its shape checked. */
  GgufTensor tensor(String name, int rows, int cols) {
    if (!file.has(name)) {
      throw EngineException.invalidFile(name, "missing", "a tensor of this name");
    }
    GgufTensor tensor = file.tensor(name);
    if (tensor.cols() != cols || tensor.rows() != rows) {
      throw EngineException.invalidFile(
          name + " shape", Arrays.toString(tensor.dims()), "[" + cols + ", " + rows + "]");
    }
    return tensor;
  }

  /** Counts a tensor that is used as it lies in the file. */
  void loaded(GgufTensor tensor) {
    elements.merge(tensor.type(), tensor.elements(), Long::sum);
    loadedBytes += tensor.byteSize();
    progress.accept(Math.min(1, (double) loadedBytes / totalBytes));
  }

  /** Returns the number of weights taken so far. */
  long parameters() {
    return elements.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns the type that holds most of them. */
  String quantization() {
    return elements.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(entry -> entry.getKey().name())
        .orElse("none");
  }
}
