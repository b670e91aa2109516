package dev.ponder.strategy.algorithm;

import dev.ponder.strategy.algorithm.Step.Assessment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Self-consistency (Wang et al. 2022): several answers, of which the most frequent wins.
 *
 * <p>Most votes are settled long before the last sample. The stopping rule reads samples in the
 * order of their numbers, never in that of their arrival, and the vote counts the samples up to the
 * first point where the rule holds: so a run's answer follows from its seed alone, however its
 * calls were scheduled. Rules:
 *
 * <ul>
 *   <li>{@code none}: all n samples are drawn and counted;
 *   <li>{@code adaptive}: samples are asked for in rounds up to 2, 4, 8, ... and after each round
 *       the vote stops if the leader has {@code share} of it;
 *   <li>{@code beta}: all are asked for at once; the vote stops when {@link BetaStop} is sure at
 *       {@code confidence}, or when the rest cannot change the leader, and the rest is cancelled.
 * </ul>
 *
 * <p>Cost: at most n completions.
 */
final class SelfConsistency implements Algorithm {
  private static final Parameters PARAMETERS =
      Parameters.of(
          new Parameter.Whole("n", 8, 1, 64),
          new Parameter.Choice("extract", "auto", AnswerKey.Extraction.NAMES),
          new Parameter.Choice("stopping", "beta", List.of("beta", "adaptive", "none")),
          new Parameter.Real("confidence", 0.95, 0.5, 1),
          new Parameter.Real("share", 0.75, 0.5, 1),
          new Parameter.Choice("ties", "first", List.of("first", "seeded")));

  @Override
  public String name() {
    return "self_consistency";
  }

  @Override
  public String description() {
    return "Draws up to n answers, stops when they agree, and returns the most frequent one.";
  }

  @Override
  public Parameters parameters() {
    return PARAMETERS;
  }

  @Override
  public Step step(SearchState state) {
    Task task = state.task();
    int n = task.integer("n");
    AnswerKey.Extraction extraction = AnswerKey.Extraction.of(task.text("extract"));
    SortedMap<String, Assessment> assessments = new TreeMap<>();
    List<Vote> votes = new ArrayList<>();
    Tally tally = new Tally();
    int contiguous = 0;
    int round = 2;
    boolean settled = false;
    for (int i = 0; i < n; i++) {
      String id = "sample/" + i;
      Result.Text text = state.text(id);
      String key = text == null ? null : AnswerKey.of(text.text(), extraction);
      if (text != null) {
        assessments.put(id, new Assessment(null, key));
      }
      if (settled || state.result(id) == null || (contiguous < i && state.closed() == null)) {
        continue;
      }
      contiguous++;
      if (text != null) {
        votes.add(new Vote(id, text, key));
        tally.add(key);
      }
      boolean boundary = contiguous == round;
      settled = settled(task, tally, n - contiguous, boundary);
      round = boundary ? round * 2 : round;
    }
    if (settled || contiguous == n || state.closed() != null) {
      return new Step(List.of(), assessments, outcome(state, votes, tally));
    }
    int bound = task.text("stopping").equals("adaptive") ? Math.min(round, n) : n;
    List<Call> wanted = new ArrayList<>();
    for (int i = 0; i < bound; i++) {
      String id = "sample/" + i;
      if (state.result(id) == null) {
        wanted.add(task.sample(id, "sample", false));
      }
    }
    return new Step(wanted, assessments, null);
  }

  private static boolean settled(Task task, Tally tally, int remaining, boolean boundary) {
    return switch (task.text("stopping")) {
      case "beta" ->
          tally.first() > tally.second() + remaining
              || (tally.first() > 0
                  && BetaStop.leaderProbability(tally.first(), tally.second())
                      >= task.number("confidence"));
      case "adaptive" ->
          boundary && tally.total > 0 && tally.first() >= task.number("share") * tally.total;
      default -> false;
    };
  }

  private static Outcome outcome(SearchState state, List<Vote> votes, Tally tally) {
    if (votes.isEmpty()) {
      return Algorithm.nothingFrom(state);
    }
    String winner = tally.winner(state.task());
    if (winner == null) {
      Vote first = votes.getFirst();
      return answer(
          first,
          "none of " + votes.size() + " samples gave an answer to count; this is the first",
          List.of(first.id),
          state);
    }
    List<Vote> agreeing = votes.stream().filter(vote -> winner.equals(vote.key)).toList();
    String why = agreeing.size() + " of " + votes.size() + " samples agree";
    return answer(agreeing.getFirst(), why, agreeing.stream().map(Vote::id).toList(), state);
  }

  private static Outcome.Answer answer(
      Vote chosen, String why, List<String> kept, SearchState state) {
    return new Outcome.Answer(
        chosen.text.text(),
        chosen.text.finishReason(),
        Algorithm.withLimit(why, state),
        chosen.id,
        kept);
  }

  private record Vote(String id, Result.Text text, @Nullable String key) {}

  /** Votes per answer, in the order in which answers first appeared. */
  private static final class Tally {
    final Map<String, Integer> counts = new LinkedHashMap<>();
    int total;

    void add(@Nullable String key) {
      if (key != null) {
        counts.merge(key, 1, Integer::sum);
        total++;
      }
    }

    int first() {
      return counts.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    }

    /** The runner-up's count; equal to the leader's in a tie. */
    int second() {
      return counts.values().stream()
          .sorted(java.util.Comparator.reverseOrder())
          .skip(1)
          .findFirst()
          .orElse(0);
    }

    @Nullable String winner(Task task) {
      int most = first();
      List<String> tied =
          counts.entrySet().stream()
              .filter(each -> each.getValue() == most)
              .map(Map.Entry::getKey)
              .toList();
      if (tied.isEmpty()) {
        return null;
      }
      boolean seeded = task.text("ties").equals("seeded");
      return tied.get(seeded ? (int) (Seeds.of(task.seed(), "tie") % tied.size()) : 0);
    }
  }
}
