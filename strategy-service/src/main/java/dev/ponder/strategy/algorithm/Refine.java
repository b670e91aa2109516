package dev.ponder.strategy.algorithm;

import dev.ponder.common.wire.ChatMessage;
import dev.ponder.strategy.algorithm.Step.Assessment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Self-refinement (Madaan et al. 2023): a draft, then rounds of feedback and revision by the same
 * model. The chain ends when the feedback approves, when two revisions in a row leave the answer as
 * it was, or after the last round. Every version is scored and the best one is returned, the
 * earliest among equals: a revision can spoil a right answer.
 *
 * <p>Cost: 1 + 2 x rounds completions at most, and as many scores as versions with {@code
 * scoring=judge}.
 */
final class Refine implements Algorithm {
  private static final Parameters PARAMETERS =
      Parameters.of(new Parameter.Whole("rounds", 2, 1, 4)).and(Scorer.PARAMETERS);

  /** What feedback says when there is nothing left to change, in lower case. */
  private static final List<String> APPROVALS =
      List.of(
          "no error", "no mistake", "it is correct", "the answer is correct", "no changes needed");

  private static final String ASK_FEEDBACK =
      """
      Check your last answer. Name each mistake or gap and say how to fix it, in a short list. If \
      there is none, reply exactly: No error.\
      """;
  private static final String ASK_REVISION =
      """
      Write the improved answer to my question, using this feedback. Give the answer only.

      Feedback:
      """;

  @Override
  public String name() {
    return "refine";
  }

  @Override
  public String description() {
    return "Drafts an answer, criticises and revises it, and returns the best version.";
  }

  @Override
  public Parameters parameters() {
    return PARAMETERS;
  }

  @Override
  public void check(Task task) {
    Scorer.check(task);
  }

  @Override
  public Step step(SearchState state) {
    Task task = state.task();
    Scorer scorer = new Scorer(task);
    List<Call> wanted = new ArrayList<>();
    List<Version> versions = new ArrayList<>();
    Call next = task.sample("draft", "draft", scorer.needsLogprobs());
    String end = "its rounds are used up";
    for (int round = 1; ; round++) {
      Result.Text text = state.text(next.id());
      if (text == null) {
        if (state.result(next.id()) == null) {
          wanted.add(next);
        } else {
          end = "no further version could be written";
        }
        break;
      }
      versions.add(
          new Version(next.id(), text, AnswerKey.of(text.text(), AnswerKey.Extraction.AUTO)));
      if (unchangedTwice(versions)) {
        end = "two revisions left the answer as it was";
        break;
      }
      if (round > task.integer("rounds")) {
        break;
      }
      Call feedback = feedback(task, next.id(), round, text.text());
      Result.Text told = state.text(feedback.id());
      if (told == null) {
        if (state.result(feedback.id()) == null) {
          wanted.add(feedback);
        } else {
          end = "no feedback could be had";
        }
        break;
      }
      if (approves(told.text())) {
        end = "the feedback found no error";
        break;
      }
      next = revision(task, feedback.id(), round, text.text(), told.text(), scorer);
    }
    SortedMap<String, Assessment> assessments = new TreeMap<>();
    for (Version each : versions) {
      Call scoring = scorer.call(each.id, each.text.text());
      if (scoring != null && state.result(scoring.id()) == null) {
        wanted.add(scoring);
      }
      double score = scorer.score(state, each.id, each.text);
      assessments.put(each.id, new Assessment(Double.isNaN(score) ? null : score, each.key));
    }
    boolean over = wanted.isEmpty() || state.closed() != null;
    return new Step(wanted, assessments, over ? outcome(state, versions, assessments, end) : null);
  }

  private static Outcome outcome(
      SearchState state,
      List<Version> versions,
      SortedMap<String, Assessment> assessments,
      String end) {
    if (versions.isEmpty()) {
      return Algorithm.nothingFrom(state);
    }
    Version best = versions.getFirst();
    Double bestScore = null;
    for (Version each : versions) {
      Assessment assessment = assessments.get(each.id);
      Double score = assessment == null ? null : assessment.score();
      if (score != null && (bestScore == null || score > bestScore)) {
        best = each;
        bestScore = score;
      }
    }
    Version last = versions.getLast();
    String why =
        (best.id.equals(last.id) ? "the last" : "an earlier, better one")
            + " of "
            + versions.size()
            + " versions; "
            + end;
    return new Outcome.Answer(
        best.text.text(),
        best.text.finishReason(),
        Algorithm.withLimit(why, state),
        best.id,
        List.of(best.id));
  }

  private static boolean unchangedTwice(List<Version> versions) {
    int size = versions.size();
    if (size < 3) {
      return false;
    }
    String key = versions.get(size - 1).key;
    return key != null
        && key.equals(versions.get(size - 2).key)
        && key.equals(versions.get(size - 3).key);
  }

  static boolean approves(String feedback) {
    String lower = feedback.toLowerCase(Locale.ROOT);
    return APPROVALS.stream().anyMatch(lower::contains);
  }

  private static Call feedback(Task task, String of, int round, String answer) {
    List<ChatMessage> conversation = new ArrayList<>(task.messages());
    conversation.add(new ChatMessage("assistant", answer));
    conversation.add(new ChatMessage("user", ASK_FEEDBACK));
    return task.answer("feedback/" + round, of, "feedback", conversation, false);
  }

  private static Call revision(
      Task task, String parent, int round, String answer, String feedback, Scorer scorer) {
    List<ChatMessage> conversation = new ArrayList<>(task.messages());
    conversation.add(new ChatMessage("assistant", answer));
    conversation.add(new ChatMessage("user", ASK_REVISION + feedback));
    return task.answer(
        "revision/" + round, parent, "revision", conversation, scorer.needsLogprobs());
  }

  private record Version(String id, Result.Text text, @Nullable String key) {}
}
