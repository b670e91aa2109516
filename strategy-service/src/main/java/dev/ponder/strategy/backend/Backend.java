package dev.ponder.strategy.backend;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.strategy.algorithm.Call;
import dev.ponder.strategy.algorithm.Capabilities;
import dev.ponder.strategy.algorithm.Result;
import java.util.List;
import reactor.core.publisher.Mono;

/**
 * Something that answers calls. Failures are {@code PonderException}s; cancelling a subscription
 * aborts the call upstream.
 *
 * <p>Thread-safe.
 */
public interface Backend {
  Capabilities capabilities();

  /** The model it uses when the request names none. */
  String defaultModel();

  /** Makes one call, once. */
  Mono<Result> call(Call call, Context context, Spent spent);

  /** Returns how many tokens a prompt has; empty when this backend cannot tell beforehand. */
  Mono<Integer> countTokens(List<ChatMessage> messages, Context context);

  /**
   * On whose behalf.
   *
   * @param group siblings of one run share it; they are scheduled together
   */
  record Context(Caller caller, String model, String group) {}
}
