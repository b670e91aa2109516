/** The command line: one class per subcommand. */
@NullMarked
package dev.ponder.standalone.command;

import org.jspecify.annotations.NullMarked;
