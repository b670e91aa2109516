@NullMarked
package dev.ponder.engine.schedule;

import org.jspecify.annotations.NullMarked;
