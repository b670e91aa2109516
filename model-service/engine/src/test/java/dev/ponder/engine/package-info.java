@NullMarked
package dev.ponder.engine;

import org.jspecify.annotations.NullMarked;
