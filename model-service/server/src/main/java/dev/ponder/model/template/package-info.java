/**
 * Chat templates: a small interpreter of the Jinja language as model files use it, with the limits
 * of a sandbox by construction (there is nothing to reach: values are text, numbers, lists and
 * maps, and every method is written here), and with one addition: text remembers which of its
 * characters came from a message, so that a message can never spell a control token.
 */
@NullMarked
package dev.ponder.model.template;

import org.jspecify.annotations.NullMarked;
