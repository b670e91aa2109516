/** Where an engine's KV pages go beyond the engine: the cache-service. */
@NullMarked
package dev.ponder.model.kv;

import org.jspecify.annotations.NullMarked;
