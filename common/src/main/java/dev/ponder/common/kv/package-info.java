/** The binary frame in which KV blocks travel between services. */
@NullMarked
package dev.ponder.common.kv;

import org.jspecify.annotations.NullMarked;
