@NullMarked
package dev.ponder.engine.kernel;

import org.jspecify.annotations.NullMarked;
