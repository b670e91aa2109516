package dev.ponder.engine.gguf;

import dev.ponder.engine.EngineException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a file, read and checked. Layout (GGUF specification, version 3; version 2 is the
 * same): magic, version, tensor count, pair count, pairs, tensor descriptions, padding, data.
 */
record GgufHeader(GgufMetadata metadata, Map<String, GgufTensor> tensors) {
  private static final int MAGIC = 0x46554747; // "GGUF", read as little endian
  private static final int MOST_PAIRS = 1 << 16;
  private static final int MOST_TENSORS = 1 << 17;
  private static final int MOST_DIMENSIONS = 4;
  private static final int LONGEST_TENSOR_NAME = 64;
  private static final int LONGEST_KEY = 65_535;
  private static final int SMALLEST_PAIR = 8 + 1 + 4 + 1;
  private static final int SMALLEST_TENSOR = 8 + 1 + 4 + 8 + 4 + 8;
  private static final long LARGEST_ALIGNMENT = 1 << 20;
  private static final String ALIGNMENT_KEY = "general.alignment";

  private record Description(String name, TensorType type, List<Long> dims, long offset) {}

  static GgufHeader read(MemorySegment file) {
    GgufCursor cursor = new GgufCursor(file);
    checkMagicAndVersion(cursor);
    int tensorCount = cursor.readCount("tensor count", SMALLEST_TENSOR, MOST_TENSORS);
    int pairCount = cursor.readCount("metadata count", SMALLEST_PAIR, MOST_PAIRS);
    GgufMetadata metadata = new GgufMetadata(readPairs(cursor, pairCount));
    List<Description> descriptions = new ArrayList<>();
    for (int i = 0; i < tensorCount; i++) {
      descriptions.add(readDescription(cursor));
    }
    long alignment = alignmentOf(metadata);
    long dataStart = alignUp(cursor.position(), alignment);
    return new GgufHeader(metadata, place(file, descriptions, dataStart, alignment));
  }

  private static void checkMagicAndVersion(GgufCursor cursor) {
    int magic = cursor.readInt("magic");
    if (magic != MAGIC) {
      throw EngineException.invalidFile(
          "magic", "0x" + Integer.toHexString(magic), "0x46554747, the letters GGUF");
    }
    int version = cursor.readInt("version");
    if (version == Integer.reverseBytes(2) || version == Integer.reverseBytes(3)) {
      throw EngineException.unsupported("byte order", "big endian", "little endian");
    }
    if (version != 2 && version != 3) {
      throw EngineException.unsupported("version", Integer.toUnsignedString(version), "2 or 3");
    }
  }

  private static Map<String, Object> readPairs(GgufCursor cursor, int count) {
    GgufValueReader reader = new GgufValueReader(cursor);
    Map<String, Object> pairs = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      String key = cursor.readString("metadata key", 1, LONGEST_KEY);
      if (pairs.containsKey(key)) {
        throw EngineException.invalidFile("metadata key", key, "no key twice");
      }
      pairs.put(key, reader.read(key));
    }
    return pairs;
  }

  private static Description readDescription(GgufCursor cursor) {
    String name = cursor.readString("tensor name", 1, LONGEST_TENSOR_NAME);
    int dimensions = cursor.readInt(name + " dimensions");
    if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
      throw EngineException.invalidFile(
          name + " dimensions",
          Integer.toUnsignedString(dimensions),
          "between 1 and " + MOST_DIMENSIONS);
    }
    List<Long> dims = new ArrayList<>(dimensions);
    for (int i = 0; i < dimensions; i++) {
      long dim = cursor.readLong(name + " dimension " + i);
      if (dim < 1) {
        throw EngineException.invalidFile(
            name + " dimension " + i, Long.toUnsignedString(dim), "between 1 and 2^63 - 1");
      }
      dims.add(dim);
    }
    TensorType type = TensorType.ofId(cursor.readInt(name + " type"));
    return new Description(name, type, dims, cursor.readLong(name + " offset"));
  }

  private static long alignmentOf(GgufMetadata metadata) {
    long alignment = metadata.integer(ALIGNMENT_KEY, 32);
    if (alignment < 1 || alignment > LARGEST_ALIGNMENT || Long.bitCount(alignment) != 1) {
      throw EngineException.invalidFile(
          ALIGNMENT_KEY, alignment, "a power of two, at most " + LARGEST_ALIGNMENT);
    }
    return alignment;
  }

  /** Positions are below 2^63 - 2^20 in any real file, so this cannot overflow. */
  private static long alignUp(long position, long alignment) {
    return (position + alignment - 1) & -alignment;
  }

  private static Map<String, GgufTensor> place(
      MemorySegment file, List<Description> descriptions, long dataStart, long alignment) {
    long dataSize = Math.max(0, file.byteSize() - dataStart);
    Map<String, GgufTensor> tensors = new LinkedHashMap<>();
    for (Description d : descriptions) {
      long size = byteSize(d, dataSize);
      if (d.offset < 0 || d.offset > dataSize - size || d.offset % alignment != 0) {
        throw EngineException.invalidFile(
            d.name + " offset",
            Long.toUnsignedString(d.offset),
            "a multiple of " + alignment + ", at most " + (dataSize - size));
      }
      long[] dims = d.dims.stream().mapToLong(Long::longValue).toArray();
      MemorySegment data = file.asSlice(dataStart + d.offset, size);
      if (tensors.put(d.name, new GgufTensor(d.name, d.type, dims, data)) != null) {
        throw EngineException.invalidFile("tensor name", d.name, "no name twice");
      }
    }
    refuseOverlaps(descriptions, dataSize);
    return Collections.unmodifiableMap(tensors);
  }

  /** Returns the bytes of a tensor, proven to be at most {@code dataSize}. */
  private static long byteSize(Description d, long dataSize) {
    if (d.dims.get(0) % d.type.blockSize() != 0) {
      throw EngineException.invalidFile(
          d.name + " dimension 0", d.dims.get(0), "a multiple of " + d.type.blockSize());
    }
    // Counted in blocks, each of at least one byte: as soon as the product passes the file's size
    // the tensor cannot fit, so the running product stays below 2^63.
    long mostBlocks = dataSize / d.type.blockBytes();
    long blocks = 1;
    for (int i = 0; i < d.dims.size(); i++) {
      long factor = i == 0 ? d.dims.get(0) / d.type.blockSize() : d.dims.get(i);
      if (factor > mostBlocks / blocks) {
        throw EngineException.invalidFile(
            d.name + " dimensions", d.dims, "at most " + dataSize + " bytes, what the file holds");
      }
      blocks *= factor;
    }
    return blocks * d.type.blockBytes();
  }

  private static void refuseOverlaps(List<Description> descriptions, long dataSize) {
    List<Description> sorted = new ArrayList<>(descriptions);
    sorted.sort(Comparator.comparingLong(Description::offset));
    long end = 0;
    for (Description d : sorted) {
      if (d.offset < end) {
        throw EngineException.invalidFile(
            d.name + " offset", d.offset, "at least " + end + ", the end of the tensor before it");
      }
      end = d.offset + byteSize(d, dataSize);
    }
  }
}
