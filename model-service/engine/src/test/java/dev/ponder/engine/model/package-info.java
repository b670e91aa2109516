@NullMarked
package dev.ponder.engine.model;

import org.jspecify.annotations.NullMarked;
