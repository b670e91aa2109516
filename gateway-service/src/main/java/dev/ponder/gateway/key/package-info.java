/** API keys: who may come in, and the record of who changed that. */
@NullMarked
package dev.ponder.gateway.key;

import org.jspecify.annotations.NullMarked;
