package dev.ponder.model.kv;

/**
 * Makes a store for each model that is loaded. Optional: without such a bean, engines keep prefixes
 * in their own memory only. Thread-safe.
 */
public interface PrefixStores {

  /**
   * Returns a store for a model that is about to be loaded. It holds and wants nothing until {@link
   * ModelPrefixStore#bind}, since the keys need what only the loaded engine can tell.
   */
  ModelPrefixStore open();
}
