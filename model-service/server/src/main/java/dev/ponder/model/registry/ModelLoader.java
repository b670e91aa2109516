package dev.ponder.model.registry;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.DoubleConsumer;

/** Makes a model of a file. */
@FunctionalInterface
public interface ModelLoader {

  /**
   * Loads; takes its time.
   *
   * @param progress hears the share that is done, 0 to 1
   * @throws dev.ponder.engine.EngineException if the file is not a model the engine can run
   */
  LoadedModel load(String id, Path file, DoubleConsumer progress) throws IOException;
}
