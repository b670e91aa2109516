package dev.ponder.strategy.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ponder.common.auth.Caller;
import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.RunRequest;
import dev.ponder.common.wire.Sampling;
import dev.ponder.strategy.StrategyProperties;
import dev.ponder.strategy.algorithm.Algorithm;
import dev.ponder.strategy.algorithm.Algorithms;
import dev.ponder.strategy.algorithm.Seeds;
import dev.ponder.strategy.algorithm.Task;
import dev.ponder.strategy.backend.Backend;
import dev.ponder.strategy.backend.Backends;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Checks a run's request completely before anything is spent on it. Thread-safe. */
@Component
final class Admission {
  private static final Set<String> ROLES = Set.of("system", "user", "assistant");
  private static final int MAX_MESSAGES = 1024;
  private static final int MAX_CHARS = 2_000_000;
  private static final int MAX_TOKENS = 1_000_000;
  private static final int MAX_STOPS = 16;
  private static final int MAX_STOP_CHARS = 256;
  private static final int MAX_LOGIT_BIASES = 1024;

  private final Algorithms algorithms;
  private final Backends backends;
  private final StrategyProperties properties;

  Admission(Algorithms algorithms, Backends backends, StrategyProperties properties) {
    this.algorithms = algorithms;
    this.backends = backends;
    this.properties = properties;
  }

  /**
   * Returns the run that a request asks for.
   *
   * @throws PonderException naming the field that is wrong and the rule
   */
  Definition admit(Caller caller, RunRequest request) {
    runId(request.runId());
    Algorithm algorithm = algorithms.named(request.strategy());
    Backend backend = backends.named(request.endpoint());
    Map<String, Object> params =
        algorithm.parameters().and(RunLimits.PARAMETERS).complete(request.params());
    Sampling sampling = request.sampling() == null ? Sampling.DEFAULT : request.sampling();
    sampling(sampling);
    Long seed = sampling.seed();
    String model = request.model() == null ? backend.defaultModel() : request.model();
    model(model);
    RunRequest clean =
        new RunRequest(
            request.runId(),
            request.strategy(),
            request.params(),
            request.model(),
            request.endpoint(),
            messages(request.messages()),
            request.maxTokens(),
            request.stop() == null ? null : stops(request.stop()),
            request.sampling());
    Task task =
        new Task(
            seed == null ? Seeds.ofRun(request.runId()) : seed,
            clean.messages(),
            maxTokens(request.maxTokens()),
            clean.stop() == null ? List.of() : clean.stop(),
            sampling,
            params,
            backend.capabilities());
    algorithm.check(task);
    return new Definition(clean, task, model, caller.requestId());
  }

  static void runId(@Nullable String runId) {
    if (runId == null) {
      throw PonderException.missing("runId", "run_ and an id");
    }
    if (!runId.matches("[A-Za-z0-9_-]{1,80}")) {
      throw PonderException.invalid("runId", runId, "1 to 80 of A-Z a-z 0-9 _ -");
    }
  }

  static void model(@Nullable String model) {
    if (model == null || !model.matches("[A-Za-z0-9._:/@+-]{1,200}")) {
      throw PonderException.invalid("model", model, "1 to 200 of A-Z a-z 0-9 . _ : / @ + -");
    }
  }

  private int maxTokens(@Nullable Integer maxTokens) {
    if (maxTokens == null) {
      return properties.defaultMaxTokens();
    }
    between("max_tokens", maxTokens, 1, MAX_TOKENS);
    return maxTokens;
  }

  private static List<ChatMessage> messages(@Nullable List<ChatMessage> messages) {
    if (messages == null || messages.isEmpty()) {
      throw PonderException.missing("messages", "at least one message");
    }
    between("messages", messages.size(), 1, MAX_MESSAGES);
    long chars = 0;
    List<ChatMessage> clean = new ArrayList<>(messages.size());
    for (int i = 0; i < messages.size(); i++) {
      ChatMessage each = messages.get(i);
      String at = "messages[" + i + "]";
      if (each == null || each.role() == null || each.content() == null) {
        throw PonderException.missing(at, "a role and content");
      }
      if (!ROLES.contains(each.role())) {
        throw PonderException.invalid(at + ".role", each.role(), "system, user or assistant");
      }
      chars += each.content().length();
      if (chars > MAX_CHARS) {
        throw new PonderException(
            ErrorCode.REQUEST_TOO_LARGE, "messages: more than " + MAX_CHARS + " characters in all");
      }
      clean.add(new ChatMessage(each.role(), printable(each.content())));
    }
    return clean;
  }

  private static List<String> stops(List<String> stops) {
    between("stop", stops.size(), 0, MAX_STOPS);
    for (String each : stops) {
      if (each == null || each.isEmpty() || each.length() > MAX_STOP_CHARS) {
        throw PonderException.invalid("stop", each, "texts of 1 to " + MAX_STOP_CHARS);
      }
    }
    return stops.stream().map(Admission::printable).toList();
  }

  /** What PostgreSQL gives back as it took it: no U+0000, no half of a surrogate pair. */
  static String printable(String text) {
    return new String(text.getBytes(UTF_8), UTF_8).replace('\0', '\ufffd');
  }

  private static void sampling(Sampling sampling) {
    between("temperature", sampling.temperature(), 0, 2);
    between("top_k", sampling.topK(), 0, 1_000_000);
    above("top_p", sampling.topP(), 1);
    between("min_p", sampling.minP(), 0, 1);
    above("repetition_penalty", sampling.repetitionPenalty(), 2);
    between("frequency_penalty", sampling.frequencyPenalty(), -2, 2);
    between("presence_penalty", sampling.presencePenalty(), -2, 2);
    Map<Integer, Double> biases = sampling.logitBias();
    if (biases != null) {
      between("logit_bias", biases.size(), 0, MAX_LOGIT_BIASES);
      biases.values().forEach(bias -> between("logit_bias", bias, -100, 100));
    }
  }

  private static void between(String name, @Nullable Number value, double min, double max) {
    if (value != null && !(value.doubleValue() >= min && value.doubleValue() <= max)) {
      throw PonderException.invalid(name, value, text(min) + " to " + text(max));
    }
  }

  private static void above(String name, @Nullable Double value, double max) {
    if (value != null && !(value > 0 && value <= max)) {
      throw PonderException.invalid(name, value, "more than 0, at most " + text(max));
    }
  }

  private static String text(double bound) {
    return Long.toString((long) bound);
  }
}
