package dev.ponder.engine.gguf;

import dev.ponder.engine.EngineException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A model file, mapped into memory. Opening reads the header only; pages of tensor data come in as
 * they are touched.
 *
 * <p>Thread-safe. After {@link #close} every access to tensor data throws IllegalStateException; a
 * close while another thread is inside such an access fails, so the owner stops its threads first.
 * The file must not be truncated while it is open.
 */
public final class GgufFile implements AutoCloseable {
  private static final int DIGEST_STEP = 1 << 20;

  private final Arena arena;
  private final MemorySegment bytes;
  private final GgufMetadata metadata;
  private final Map<String, GgufTensor> tensors;
  private @Nullable String sha256; // guarded by this

  private GgufFile(Arena arena, MemorySegment bytes, GgufHeader header) {
    this.arena = arena;
    this.bytes = bytes;
    this.metadata = header.metadata();
    this.tensors = header.tensors();
  }

  /**
   * Opens and checks a file.
   *
   * @throws IOException if the file cannot be read
   * @throws EngineException MODEL_FILE_INVALID if any part of the header is malformed or points
   *     outside the file; UNSUPPORTED for another version, byte order or tensor type
   */
  @SuppressWarnings("MustBeClosed") // the arena outlives this method: close() ends it
  public static GgufFile open(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      Arena arena = Arena.ofShared();
      try {
        MemorySegment bytes =
            channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena).asReadOnly();
        return new GgufFile(arena, bytes, GgufHeader.read(bytes));
      } catch (Throwable failure) {
        arena.close();
        throw failure;
      }
    }
  }

  public GgufMetadata metadata() {
    return metadata;
  }

  /** Returns the tensors in file order. */
  public List<GgufTensor> tensors() {
    return List.copyOf(tensors.values());
  }

  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  /**
   * Returns a tensor by name.
   *
   * @throws EngineException MODEL_FILE_INVALID if the file has none of that name
   */
  public GgufTensor tensor(String name) {
    GgufTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw EngineException.invalidFile(name, "missing", "a tensor of this name");
    }
    return tensor;
  }

  public long fileSize() {
    return bytes.byteSize();
  }

  /** Returns the SHA-256 of the whole file in lower-case hex; reads all of it the first time. */
  public synchronized String sha256() {
    String digest = sha256;
    if (digest == null) {
      digest = HexFormat.of().formatHex(digestOf(bytes));
      sha256 = digest;
    }
    return digest;
  }

  /** Unmaps the file. Idempotent. */
  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private static byte[] digestOf(MemorySegment bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (long at = 0; at < bytes.byteSize(); at += DIGEST_STEP) {
        long step = Math.min(DIGEST_STEP, bytes.byteSize() - at);
        digest.update(bytes.asSlice(at, step).asByteBuffer());
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
