package dev.ponder.engine.machine;

/** What a vector instruction may take as its last source. */
sealed interface Operand permits Vec, Mem {}
