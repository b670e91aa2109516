@NullMarked
package dev.ponder.engine.prefix;

import org.jspecify.annotations.NullMarked;
