/** Reading public requests and writing answers, below any endpoint's meaning. */
@NullMarked
package dev.ponder.gateway.http;

import org.jspecify.annotations.NullMarked;
