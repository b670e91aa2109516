package dev.ponder.engine.model;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.format.Unpacked;
import dev.ponder.engine.format.WeightFormat;
import dev.ponder.engine.gguf.GgufTensor;

/** The token embedding, decoded a row at a time from the file. */
final class Embedding {
  private final GgufTensor tensor;
  private final WeightFormat format;
  private final int rows;
  private final int cols;

  Embedding(GgufTensor tensor) {
    this.tensor = tensor;
    format = WeightFormat.of(tensor.type());
    if (tensor.rows() > Integer.MAX_VALUE / 64 || tensor.cols() > Integer.MAX_VALUE / 64) {
      throw EngineException.invalidFile(
          tensor.name() + " shape", tensor, "a vocabulary and a width below 33 million");
    }
    rows = (int) tensor.rows();
    cols = (int) tensor.cols();
    format.checkCols(tensor.name(), cols);
  }

  int rows() {
    return rows;
  }

  int cols() {
    return cols;
  }

  void decode(int token, float[] out, Unpacked scratch) {
    format.decode(tensor.data(), token * format.rowBytes(cols), cols, out, scratch);
  }
}
