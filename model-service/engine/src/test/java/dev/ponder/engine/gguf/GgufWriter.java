package dev.ponder.engine.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes GGUF version 3 files for tests. Values: String, Integer (u32), Long (u64), Float, Double,
 * Boolean, int[] (i32), float[], List of strings. NOT thread-safe.
 */
public final class GgufWriter {
  private static final int ALIGNMENT = 32;

  private record Entry(String name, TensorType type, List<Long> dims, ByteBuffer data) {}

  private final Map<String, Object> pairs = new LinkedHashMap<>();
  private final List<Entry> tensors = new ArrayList<>();

  public GgufWriter put(String key, Object value) {
    pairs.put(key, value);
    return this;
  }

  public GgufWriter remove(String key) {
    pairs.remove(key);
    return this;
  }

  /** Adds a tensor; {@code data} holds its stored bytes, {@code dims} the contiguous one first. */
  public GgufWriter tensor(String name, TensorType type, byte[] data, long... dims) {
    List<Long> list = new ArrayList<>();
    for (long dim : dims) {
      list.add(dim);
    }
    tensors.add(new Entry(name, type, list, ByteBuffer.wrap(data).asReadOnlyBuffer()));
    return this;
  }

  public Path writeTo(Path path) throws IOException {
    return Files.write(path, toBytes());
  }

  public byte[] toBytes() {
    Bytes out = new Bytes();
    out.int32(0x46554747).int32(3).int64(tensors.size()).int64(pairs.size());
    pairs.forEach((key, value) -> {
      out.string(key);
      writeValue(out, value);
    });
    long offset = 0;
    for (Entry t : tensors) {
      out.string(t.name).int32(t.dims.size());
      t.dims.forEach(out::int64);
      out.int32(t.type.id()).int64(offset);
      offset = alignUp(offset + t.data.remaining());
    }
    for (Entry t : tensors) {
      out.pad(ALIGNMENT).buffer(t.data.duplicate());
    }
    return out.pad(ALIGNMENT).toByteArray();
  }

  private static long alignUp(long n) {
    return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static void writeValue(Bytes out, Object value) {
    switch (value) {
      case Integer i -> out.int32(4).int32(i);
      case Float f -> out.int32(6).int32(Float.floatToIntBits(f));
      case Boolean b -> out.int32(7).int8(b ? 1 : 0);
      case String s -> out.int32(8).string(s);
      case Long l -> out.int32(10).int64(l);
      case Double d -> out.int32(12).int64(Double.doubleToLongBits(d));
      case int[] a -> {
        out.int32(9).int32(5).int64(a.length);
        for (int i : a) {
          out.int32(i);
        }
      }
      case float[] a -> {
        out.int32(9).int32(6).int64(a.length);
        for (float f : a) {
          out.int32(Float.floatToIntBits(f));
        }
      }
      case List<?> a -> {
        out.int32(9).int32(8).int64(a.size());
        a.forEach(s -> out.string((String) s));
      }
      default -> throw new IllegalArgumentException("value: " + value.getClass());
    }
  }

  /** A growing little-endian byte array. NOT thread-safe. */
  static final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Bytes int8(int value) {
      out.write(value);
      return this;
    }

    Bytes int32(int value) {
      return buffer(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, value));
    }

    Bytes int64(long value) {
      return buffer(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value));
    }

    Bytes string(String value) {
      byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
      return int64(bytes.length).bytes(bytes);
    }

    Bytes bytes(byte[] bytes) {
      out.writeBytes(bytes);
      return this;
    }

    Bytes buffer(ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      return bytes(bytes);
    }

    Bytes pad(int alignment) {
      while (out.size() % alignment != 0) {
        out.write(0);
      }
      return this;
    }

    byte[] toByteArray() {
      return out.toByteArray();
    }
  }
}
