@NullMarked
package dev.ponder.engine.kv;

import org.jspecify.annotations.NullMarked;
