package dev.ponder.model;

/** Gives a new seed each time. Thread-safe. */
@FunctionalInterface
public interface SeedSource {
  long next();
}
