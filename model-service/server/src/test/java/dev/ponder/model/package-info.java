@NullMarked
package dev.ponder.model;

import org.jspecify.annotations.NullMarked;
