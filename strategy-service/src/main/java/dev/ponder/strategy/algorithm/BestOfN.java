package dev.ponder.strategy.algorithm;

import dev.ponder.strategy.algorithm.Step.Assessment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Best of n: several independent answers, of which the highest score wins; the first among equals.
 * The weighted variant adds up the scores of samples that give the same answer, and takes the best
 * sample of the answer with the largest sum.
 *
 * <p>Cost: n completions, and n scores with {@code scoring=judge}.
 */
final class BestOfN implements Algorithm {
  private static final Parameters PARAMETERS =
      Parameters.of(
              new Parameter.Whole("n", 4, 1, 64),
              new Parameter.Flag("weighted", false),
              new Parameter.Choice("extract", "auto", AnswerKey.Extraction.NAMES))
          .and(Scorer.PARAMETERS);

  @Override
  public String name() {
    return "best_of_n";
  }

  @Override
  public String description() {
    return "Draws n answers and returns the one with the best score.";
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
    int n = task.integer("n");
    boolean weighted = task.flag("weighted");
    AnswerKey.Extraction extraction = AnswerKey.Extraction.of(task.text("extract"));
    List<Call> samples = new ArrayList<>();
    List<Call> scores = new ArrayList<>();
    List<Candidate> candidates = new ArrayList<>();
    SortedMap<String, Assessment> assessments = new TreeMap<>();
    for (int i = 0; i < n; i++) {
      String id = "sample/" + i;
      Result.Text text = state.text(id);
      if (text == null) {
        if (state.result(id) == null) {
          samples.add(task.sample(id, "sample", scorer.needsLogprobs()));
        }
        continue;
      }
      Call scoring = scorer.call(id, text.text());
      if (scoring != null && state.result(scoring.id()) == null) {
        scores.add(scoring);
      }
      double score = scorer.score(state, id, text);
      String key = weighted ? AnswerKey.of(text.text(), extraction) : null;
      candidates.add(new Candidate(id, text, score, key));
      assessments.put(id, new Assessment(Double.isNaN(score) ? null : score, key));
    }
    // Scores first: they are short, and their prompt is still in the cache.
    scores.addAll(samples);
    boolean over = scores.isEmpty() || state.closed() != null;
    return new Step(
        scores, assessments, over ? outcome(state, candidates, scorer, weighted) : null);
  }

  private static Outcome outcome(
      SearchState state, List<Candidate> candidates, Scorer scorer, boolean weighted) {
    if (candidates.isEmpty()) {
      return Algorithm.nothingFrom(state);
    }
    Candidate best = best(candidates);
    if (best == null) {
      Candidate first = candidates.getFirst();
      return answer(
          first,
          "none of " + candidates.size() + " answers could be scored; this is the first",
          List.of(first.id),
          state);
    }
    String winner = weighted ? heaviest(candidates, scorer) : null;
    if (winner == null) {
      String why =
          String.format(
              Locale.ROOT, "highest score, %.3f, of %d answers", best.score, candidates.size());
      return answer(best, why, List.of(best.id), state);
    }
    List<Candidate> agreeing = candidates.stream().filter(c -> winner.equals(c.key)).toList();
    Candidate chosen = best(agreeing);
    String why =
        String.format(
            Locale.ROOT,
            "%d of %d answers give the answer with the largest sum of scores",
            agreeing.size(),
            candidates.size());
    return answer(
        chosen == null ? agreeing.getFirst() : chosen,
        why,
        agreeing.stream().map(Candidate::id).toList(),
        state);
  }

  private static Outcome.Answer answer(
      Candidate chosen, String why, List<String> kept, SearchState state) {
    return new Outcome.Answer(
        chosen.text.text(),
        chosen.text.finishReason(),
        Algorithm.withLimit(why, state),
        chosen.id,
        kept);
  }

  /** The highest score, the first among equals; null when there is none. */
  private static @Nullable Candidate best(List<Candidate> candidates) {
    Candidate best = null;
    for (Candidate each : candidates) {
      if (!Double.isNaN(each.score) && (best == null || each.score > best.score)) {
        best = each;
      }
    }
    return best;
  }

  private static @Nullable String heaviest(List<Candidate> candidates, Scorer scorer) {
    Map<String, Double> weights = new LinkedHashMap<>();
    for (Candidate each : candidates) {
      if (each.key != null && !Double.isNaN(each.score)) {
        weights.merge(each.key, scorer.weight(each.score), Double::sum);
      }
    }
    String heaviest = null;
    for (Map.Entry<String, Double> each : weights.entrySet()) {
      if (heaviest == null || each.getValue() > weights.getOrDefault(heaviest, 0.0)) {
        heaviest = each.getKey();
      }
    }
    return heaviest;
  }

  private record Candidate(String id, Result.Text text, double score, @Nullable String key) {}
}
