/** The cache-service: prefix KV blocks and recorded responses on Redis. */
@NullMarked
package dev.ponder.cache;

import org.jspecify.annotations.NullMarked;
