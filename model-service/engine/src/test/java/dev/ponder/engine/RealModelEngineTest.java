package dev.ponder.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.sample.SamplerSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The default model: the same bits alone, in a crowd, and with a cold, warm or fetched prefix. */
@Tag("real-model")
class RealModelEngineTest {
  private static final Namespace TENANT = new Namespace("tenant");
  private static final EngineOptions OPTIONS = EngineOptions.defaults().withThreads(2);
  private static final String LONG =
      "A paged key-value cache keeps the attention state of a sequence in pages of equal size, so"
          + " that sequences that begin alike can share the pages of their common prefix. A page is"
          + " shared as long as nobody writes to it; only full pages are, because they never change."
          + " The question, then, is this:";

  @Test
  void greedyContinuationsAreEqualAloneAndInACrowdOfSixteen() throws Exception {
    List<GenerationSpec> specs = new ArrayList<>();
    List<List<TokenEvent>> alone = new ArrayList<>();
    try (Engine engine = Engine.load(RealModel.file(), OPTIONS, share -> {})) {
      for (String prompt : List.of("The capital of France is", LONG)) {
        specs.add(spec(engine, prompt, 16, SamplerSettings.greedy()));
        alone.add(Generations.run(engine, specs.getLast()));
      }
      assertThat(Generations.text(alone.getFirst())).contains("Paris");
      List<CompletableFuture<List<TokenEvent>>> crowd = new ArrayList<>();
      for (int i = 0; i < 14; i++) {
        SamplerSettings sampler = SamplerSettings.NEUTRAL.withSeed(i).withTopP(0.9);
        String prompt = "Request number " + i + ": tell me about " + "many ".repeat(i) + "things";
        crowd.add(Generations.submit(engine, spec(engine, prompt, 8 + i, sampler)));
        if (i == 3 || i == 9) {
          crowd.add(Generations.submit(engine, specs.get(i / 9)));
        }
      }
      assertThat(crowd.get(4).get(300, TimeUnit.SECONDS)).isEqualTo(alone.get(0));
      assertThat(crowd.get(11).get(300, TimeUnit.SECONDS)).isEqualTo(alone.get(1));
      for (CompletableFuture<List<TokenEvent>> request : crowd) {
        assertThat(request.get(300, TimeUnit.SECONDS)).isNotEmpty();
      }
      assertThat(engine.stats().steps()).isLessThan(engine.stats().rows());
    }
  }

  @Test
  void coldWarmAndFetchedPrefixesGiveTheSameLogprobs() throws Exception {
    Pages pages = new Pages();
    EngineOptions options = OPTIONS.withPrefixStore(pages, Duration.ofSeconds(5));
    List<TokenEvent> cold;
    List<TokenEvent> warm;
    try (Engine engine = Engine.load(RealModel.file(), options, share -> {})) {
      cold = run(engine);
      assertThat(engine.stats().rows()).isEqualTo(engine.stats().promptTokens() + 7);
      warm = run(engine);
    }
    assertThat(warm).isEqualTo(cold);
    assertThat(pages.byTokens).hasSize(2);
    assertThat(restarted(options)).isEqualTo(cold);
    // The control: one flipped bit of the fetched KV must show.
    byte[] payload = pages.byTokens.values().iterator().next();
    payload[payload.length / 2 + 1] ^= (byte) 0x80; // the sign of a half float
    assertThat(restarted(options)).isNotEqualTo(cold);
  }

  /** A new engine, which finds all full pages of the prompt in the store. */
  private static List<TokenEvent> restarted(EngineOptions options) throws Exception {
    try (Engine engine = Engine.load(RealModel.file(), options, share -> {})) {
      List<TokenEvent> fetched = run(engine);
      assertThat(engine.stats().fetchedPages()).isEqualTo(2);
      assertThat(engine.stats().cachedTokens()).isEqualTo(64);
      return fetched;
    }
  }

  private static List<TokenEvent> run(Engine engine) throws Exception {
    return Generations.run(engine, spec(engine, LONG, 8, SamplerSettings.greedy()));
  }

  private static GenerationSpec spec(
      Engine engine, String prompt, int maxTokens, SamplerSettings sampler) {
    return GenerationSpec.of(TENANT, engine.tokenizer().encode(prompt, false))
        .maxTokens(maxTokens)
        .ignoreEos(true)
        .topLogprobs(3)
        .sampler(sampler)
        .build();
  }

  /** A prefix store in memory. */
  private static final class Pages implements PrefixStore {
    private static final int PAGE = 32;
    final Map<String, byte[]> byTokens = new ConcurrentHashMap<>();

    @Override
    public CompletableFuture<List<byte[]>> fetch(Namespace namespace, int[] tokens, int fromPage) {
      List<byte[]> found = new ArrayList<>();
      for (int page = fromPage; (page + 1) * PAGE <= tokens.length; page++) {
        byte[] payload = byTokens.get(key(tokens, page));
        if (payload == null) {
          break;
        }
        found.add(payload);
      }
      return CompletableFuture.completedFuture(found);
    }

    @Override
    public boolean wants(Namespace namespace, int[] tokens, int page) {
      return !byTokens.containsKey(key(tokens, page));
    }

    @Override
    public void offer(Namespace namespace, int[] tokens, int page, byte[] payload) {
      byTokens.put(key(tokens, page), payload);
    }

    private static String key(int[] tokens, int page) {
      return Arrays.toString(Arrays.copyOf(tokens, (page + 1) * PAGE));
    }
  }
}
