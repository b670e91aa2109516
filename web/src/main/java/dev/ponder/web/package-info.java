/**
 * What the HTTP side of every service shares: the error shape, the internal token, request limits.
 */
@NullMarked
package dev.ponder.web;

import org.jspecify.annotations.NullMarked;
