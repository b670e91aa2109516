package dev.ponder.engine.schedule;

/** What the scheduler's thread counts. Owned by that thread. */
final class Counters {
  long promptTokens;
  long cachedTokens;
  long generatedTokens;
  long steps;
  long rows;
  long completed;
  long failed;
  long cancellations;
  long preemptions;
  long prefixQueries;
  long prefixHits;
  long fetchedPages;
  long offeredPages;
}
