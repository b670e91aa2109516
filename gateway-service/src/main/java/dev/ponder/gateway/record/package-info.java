/** What is kept of each request: usage ledger, run log, metrics. Never delays an answer. */
@NullMarked
package dev.ponder.gateway.record;

import org.jspecify.annotations.NullMarked;
