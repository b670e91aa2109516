package dev.ponder.engine.schedule;

import dev.ponder.engine.ScoreResult;
import dev.ponder.engine.sample.Logprobs;
import java.util.ArrayList;
import java.util.List;

/** A given continuation: reads the log-probability of each of its tokens. */
final class ScoreBranch extends Branch {
  private final int vocabulary;
  private final List<Double> logprobs = new ArrayList<>();

  ScoreBranch(Task task, int index, int[] continuation, int vocabulary) {
    super(task, index);
    this.vocabulary = vocabulary;
    for (int token : continuation) {
      append(token);
    }
  }

  /** Nothing is asked of the logits behind the last token. */
  @Override
  int feedLength() {
    return size() - 1;
  }

  @Override
  int mostTokensLeft() {
    return size() - promptLength - logprobs.size();
  }

  @Override
  int firstWanted() {
    return promptLength - 1 + logprobs.size();
  }

  @Override
  void accept(int position, float[] logits) {
    logprobs.add(new Logprobs(logits, vocabulary).of(tokens()[position + 1]));
    if (position + 1 == feedLength()) {
      finish();
    }
  }

  ScoreResult.Score score() {
    double sum = 0;
    for (double logprob : logprobs) {
      sum += logprob;
    }
    return new ScoreResult.Score(sum, logprobs);
  }
}
