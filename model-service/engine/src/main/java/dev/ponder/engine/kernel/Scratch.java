package dev.ponder.engine.kernel;

/** The private memory of one worker; every tier has its own kind. */
public abstract class Scratch {
  Scratch() {}
}
