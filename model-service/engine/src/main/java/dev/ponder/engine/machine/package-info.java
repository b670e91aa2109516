/**
 * Machine code that the engine writes itself: an assembler for the x86-64 instructions in use,
 * memory for the code, and the emitters of the kernels. Knows nothing of models.
 */
@NullMarked
package dev.ponder.engine.machine;

import org.jspecify.annotations.NullMarked;
