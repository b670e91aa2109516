package dev.ponder.model.catalog;

import java.util.List;

/**
 * A model with a known file.
 *
 * @param id its name in requests; its file is {@code <id>.gguf}
 * @param architecture as the file says it
 * @param supported whether the engine can run it
 * @param sizeBytes the file's size
 * @param sha256 the file's digest, lower-case hexadecimal; the identity of the model, whatever the
 *     source
 * @param license the terms its makers publish it under
 * @param sources where to look, in order
 */
public record CatalogModel(
    String id,
    String description,
    String architecture,
    boolean supported,
    long sizeBytes,
    String sha256,
    String license,
    List<ModelSource> sources) {

  /** The name of its file in a models folder. */
  public String fileName() {
    return id + ".gguf";
  }
}
