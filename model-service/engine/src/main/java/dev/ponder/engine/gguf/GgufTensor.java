package dev.ponder.engine.gguf;

import java.lang.foreign.MemorySegment;

/**
 * A tensor of a model file: rows of {@link #cols()} contiguous elements each. Immutable; the data
 * is valid until the file is closed.
 */
public final class GgufTensor {
  private final String name;
  private final TensorType type;
  private final long[] dims;
  private final long elements;
  private final MemorySegment data;

  GgufTensor(String name, TensorType type, long[] dims, MemorySegment data) {
    this.name = name;
    this.type = type;
    this.dims = dims;
    long product = 1;
    for (long dim : dims) {
      product *= dim; // the reader proved that it fits
    }
    this.elements = product;
    this.data = data;
  }

  public String name() {
    return name;
  }

  public TensorType type() {
    return type;
  }

  /** Returns the dimensions in file order: the first is contiguous in memory. */
  public long[] dims() {
    return dims.clone();
  }

  /** Returns the contiguous dimension: the length of a row. */
  public long cols() {
    return dims[0];
  }

  /** Returns the number of rows: the product of all dimensions but the first. */
  public long rows() {
    return elements / dims[0];
  }

  public long elements() {
    return elements;
  }

  public long byteSize() {
    return data.byteSize();
  }

  /** Returns the mapped bytes, read-only and little endian. */
  public MemorySegment data() {
    return data;
  }

  @Override
  public String toString() {
    return name + " " + type + java.util.Arrays.toString(dims);
  }
}
