package dev.ponder.strategy.algorithm;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Scores a candidate answer, higher is better: by the model's own confidence while it wrote ({@code
 * logprob}, the mean log-probability of its tokens: no further call), or by asking the model
 * whether the answer is right ({@code judge}: the probability of "Yes" against "No"; where an
 * endpoint cannot score, a rating from 0 to 10 in words).
 *
 * <p>A score that could not be had is NaN; such a candidate is not chosen while another has one.
 */
final class Scorer {
  static final Parameters PARAMETERS =
      Parameters.of(new Parameter.Choice("scoring", "logprob", List.of("logprob", "judge")));

  private static final List<String> VERDICTS = List.of("Yes", "No");
  private static final Pattern RATING = Pattern.compile("(?<![\\w.-])(\\d{1,2}(?:\\.\\d+)?)");

  private final Task task;
  private final boolean judge;

  Scorer(Task task) {
    this.task = task;
    this.judge = task.text("scoring").equals("judge");
  }

  /** Refuses a task whose endpoint cannot give this score. */
  static void check(Task task) {
    if (task.text("scoring").equals("logprob") && !task.capabilities().logprobs()) {
      throw PonderException.invalid(
          "params.scoring", "logprob", "judge: this endpoint tells no log-probabilities");
    }
  }

  /** Whether candidates must be generated with log-probabilities. */
  boolean needsLogprobs() {
    return !judge;
  }

  /** Returns the call that scores a candidate, or null when its own log-probabilities do. */
  @Nullable Call call(String candidate, String answer) {
    if (!judge) {
      return null;
    }
    String id = id(candidate);
    List<ChatMessage> conversation = new ArrayList<>(task.messages());
    conversation.add(new ChatMessage("assistant", answer));
    if (task.capabilities().score()) {
      conversation.add(
          new ChatMessage("user", "Is your answer correct and complete? Reply with Yes or No."));
      return new Call.Score(id, candidate, "score", conversation, VERDICTS);
    }
    conversation.add(
        new ChatMessage(
            "user",
            "Rate how correct and complete your answer is, from 0 (wrong) to 10 (perfect). Reply"
                + " with the number only."));
    return new Call.Generate(
        id,
        candidate,
        "score",
        conversation,
        Sampling.greedy().withSeed(Seeds.of(task.seed(), id)),
        8,
        List.of(),
        false);
  }

  /** Returns a candidate's score; NaN when it could not be had, or not yet. */
  double score(SearchState state, String candidate, Result.Text text) {
    if (!judge) {
      Double mean = text.meanLogprob();
      return mean == null ? Double.NaN : mean;
    }
    Result told = state.result(id(candidate));
    return switch (told) {
      case Result.Scores scores when scores.logprobs().size() == VERDICTS.size() ->
          // P(Yes) / (P(Yes) + P(No)), in a form that cannot overflow
          1 / (1 + Math.exp(scores.logprobs().get(1) - scores.logprobs().get(0)));
      case Result.Text rating -> rating(rating.text());
      case null, default -> Double.NaN;
    };
  }

  /** Returns a score as a weight that is never negative. */
  double weight(double score) {
    return judge ? score : Math.exp(score);
  }

  private static String id(String candidate) {
    return "score/" + candidate;
  }

  static double rating(String text) {
    Matcher number = RATING.matcher(text);
    if (!number.find()) {
      return Double.NaN;
    }
    double rating = Double.parseDouble(number.group(1)) / 10;
    return rating <= 1 ? rating : Double.NaN;
  }
}
