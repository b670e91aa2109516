/** The prefix key: one SHA-256 chain that names a block of KV state in every service. */
@NullMarked
package dev.ponder.common.prefix;

import org.jspecify.annotations.NullMarked;
