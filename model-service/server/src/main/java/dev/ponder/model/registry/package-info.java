/** The models of this service: which there are, which are loaded, and who uses them. */
@NullMarked
package dev.ponder.model.registry;

import org.jspecify.annotations.NullMarked;
