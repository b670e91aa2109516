package dev.ponder.engine.schedule;

import dev.ponder.engine.FinishReason;
import dev.ponder.engine.GenerationSpec;
import dev.ponder.engine.TokenEvent;
import dev.ponder.engine.TokenLogprob;
import dev.ponder.engine.sample.Logprobs;
import dev.ponder.engine.sample.SampleState;
import dev.ponder.engine.tokenizer.StreamingDecoder;
import java.util.List;

/** A sample: draws its next token from the logits behind its last. */
final class GenerationBranch extends Branch {
  private final GenerationTask owner;
  private final Decoding decoding;
  private final SampleState state;
  private final StreamingDecoder decoder;
  private final StopMatcher stop;
  private final int end;

  GenerationBranch(GenerationTask owner, int index, Decoding decoding) {
    super(owner, index);
    GenerationSpec spec = owner.spec();
    this.owner = owner;
    this.decoding = decoding;
    this.state = new SampleState(spec.sampler(), index, spec.prompt());
    this.decoder = new StreamingDecoder(decoding.tokenizer());
    this.stop = new StopMatcher(spec.stops());
    this.end =
        spec.maxTokens() == GenerationSpec.TO_CONTEXT_END
            ? decoding.longest()
            : promptLength + spec.maxTokens();
  }

  @Override
  int feedLength() {
    return size();
  }

  @Override
  int mostTokensLeft() {
    return end - size();
  }

  @Override
  int firstWanted() {
    return size() - 1;
  }

  @Override
  void accept(int position, float[] logits) {
    GenerationSpec spec = owner.spec();
    int id = decoding.sampler().sample(logits, state, size());
    if (!spec.ignoreEos() && decoding.tokenizer().isEndOfGeneration(id)) {
      end(FinishReason.STOP);
      return;
    }
    append(id);
    state.accept(id);
    String text = stop.accept(decoder.push(id));
    double logprob = Double.NaN;
    List<TokenLogprob> top = List.of();
    if (spec.topLogprobs() >= 0) {
      Logprobs logprobs = new Logprobs(logits, decoding.vocabulary());
      logprob = logprobs.of(id);
      top = logprobs.top(spec.topLogprobs(), decoding.vocabulary());
    }
    owner.token(new TokenEvent(index, id, text, logprob, top));
    if (stop.found()) {
      end(FinishReason.STOP);
    } else if (size() == end) {
      end(FinishReason.LENGTH);
    }
  }

  private void end(FinishReason reason) {
    String tail = stop.accept(decoder.flush());
    boolean stopped = stop.found();
    finish();
    owner.finished(
        index, stopped ? FinishReason.STOP : reason, stopped ? tail : tail + stop.rest());
  }
}
