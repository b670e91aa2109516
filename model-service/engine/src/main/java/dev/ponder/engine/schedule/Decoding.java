package dev.ponder.engine.schedule;

import dev.ponder.engine.sample.Sampler;
import dev.ponder.engine.tokenizer.Tokenizer;

/**
 * What turns logits into tokens and text. Owned by the scheduler's thread.
 *
 * @param vocabulary ids that may be drawn: those the tokenizer knows
 * @param longest tokens of a sequence at most, prompt included
 */
record Decoding(
    Sampler sampler, Tokenizer tokenizer, int vocabulary, int longest, Counters counters) {}
