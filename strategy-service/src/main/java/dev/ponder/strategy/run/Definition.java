package dev.ponder.strategy.run;

import dev.ponder.common.wire.RunRequest;
import dev.ponder.strategy.algorithm.Task;

/**
 * A run as it was admitted, complete, so that a later change of settings or defaults cannot change
 * what a resumed run does.
 *
 * @param request as it came, to recognise its repetition
 * @param model the model that answers
 * @param requestId the public request's id
 */
public record Definition(RunRequest request, Task task, String model, String requestId) {}
