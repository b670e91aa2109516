package dev.ponder.engine.model;

/**
 * Work done since a model was loaded; every count only grows.
 *
 * @param weightBytes bytes of weights passed over
 * @param kvBytes bytes of stored keys and values written and attended to, per query position
 * @param forwardPasses calls of forward
 * @param rows tokens computed
 * @param products of a weight and an activation; those of attention are not counted
 */
public record WorkCounters(
    long weightBytes, long kvBytes, long forwardPasses, long rows, long products) {}
