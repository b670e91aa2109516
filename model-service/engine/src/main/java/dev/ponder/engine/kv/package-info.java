/** Paged storage of attention keys and values. */
@NullMarked
package dev.ponder.engine.kv;

import org.jspecify.annotations.NullMarked;
