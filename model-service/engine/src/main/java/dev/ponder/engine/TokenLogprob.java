package dev.ponder.engine;

/**
 * A token and its natural log-probability under the model's own distribution: temperature 1, before
 * penalties and biases.
 */
public record TokenLogprob(int id, double logprob) {}
