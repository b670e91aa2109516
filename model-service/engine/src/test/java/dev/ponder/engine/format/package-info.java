@NullMarked
package dev.ponder.engine.format;

import org.jspecify.annotations.NullMarked;
