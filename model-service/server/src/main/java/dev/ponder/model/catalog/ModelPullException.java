package dev.ponder.model.catalog;

import java.io.IOException;
import java.util.List;

/** No source gave the model; the message says of each why. */
public final class ModelPullException extends IOException {
  private static final long serialVersionUID = 1L;

  ModelPullException(String message) {
    super(message);
  }

  static ModelPullException ofSources(String id, List<String> failures) {
    return new ModelPullException(
        "model " + id + " could not be pulled:\n  - " + String.join("\n  - ", failures));
  }
}
