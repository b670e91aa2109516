@NullMarked
package dev.ponder.engine.machine;

import org.jspecify.annotations.NullMarked;
