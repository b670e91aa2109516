/** The command line: what it refuses, and what it passes on. */
@NullMarked
package dev.ponder.standalone.command;

import org.jspecify.annotations.NullMarked;
