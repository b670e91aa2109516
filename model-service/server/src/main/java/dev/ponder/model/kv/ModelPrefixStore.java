package dev.ponder.model.kv;

import dev.ponder.engine.EngineInfo;
import dev.ponder.engine.PrefixStore;

/** The prefix store of one loaded model. */
public interface ModelPrefixStore extends PrefixStore, AutoCloseable {

  /**
   * Starts the store: called once, after the engine is loaded and before it takes requests.
   *
   * @param info what was loaded; its digest, RoPE parameters, context, KV type and page size are
   *     part of every key
   * @param tokenizerDigest SHA-256 of the tokenizer's tables
   */
  void bind(EngineInfo info, byte[] tokenizerDigest);

  /** Ends the store; called after the engine is closed. Idempotent. */
  @Override
  void close();
}
