/**
 * Finds the KV pages of prompts that were computed before.
 *
 * <p>Only full pages are shared, and they never change, so sharing needs no copies. Pages are found
 * by comparing token ids, never by a hash alone, within one namespace.
 */
@NullMarked
package dev.ponder.engine.prefix;

import org.jspecify.annotations.NullMarked;
