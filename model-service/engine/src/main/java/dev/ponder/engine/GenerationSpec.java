package dev.ponder.engine;

import dev.ponder.engine.sample.SamplerSettings;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request for {@code n} samples that continue one prompt. Immutable. */
public final class GenerationSpec {
  /** As {@code maxTokens}: until the context is full. */
  public static final int TO_CONTEXT_END = -1;

  private static final int MOST_SAMPLES = 128;
  private static final int MOST_STOPS = 16;
  private static final int LONGEST_STOP = 1024;
  private static final int MOST_ALTERNATIVES = 20;
  private static final int LONGEST_GROUP = 256;

  private final int[] prompt;
  private final int n;
  private final int maxTokens;
  private final SamplerSettings sampler;
  private final List<String> stops;
  private final int topLogprobs;
  private final boolean ignoreEos;
  private final boolean useCache;
  private final Namespace namespace;
  private final @Nullable String group;

  private GenerationSpec(Builder builder) {
    prompt = builder.prompt;
    n = builder.n;
    maxTokens = builder.maxTokens;
    sampler = builder.sampler;
    stops = builder.stops;
    topLogprobs = builder.topLogprobs;
    ignoreEos = builder.ignoreEos;
    useCache = builder.useCache;
    namespace = builder.namespace;
    group = builder.group;
  }

  /**
   * Starts a request: one sample to the context's end, {@link SamplerSettings#NEUTRAL}, no stops,
   * no log-probabilities, cache used.
   *
   * @param prompt token ids, at least one; copied
   */
  public static Builder of(Namespace namespace, int... prompt) {
    return new Builder(namespace, prompt.clone());
  }

  /** The prompt's token ids; not to be written to. */
  public int[] prompt() {
    return prompt;
  }

  public int n() {
    return n;
  }

  /** Tokens a sample, or {@link #TO_CONTEXT_END}. */
  public int maxTokens() {
    return maxTokens;
  }

  public SamplerSettings sampler() {
    return sampler;
  }

  public List<String> stops() {
    return stops;
  }

  /** -1: no log-probabilities; 0 to 20: the drawn token's and that many alternatives. */
  public int topLogprobs() {
    return topLogprobs;
  }

  public boolean ignoreEos() {
    return ignoreEos;
  }

  public boolean useCache() {
    return useCache;
  }

  public Namespace namespace() {
    return namespace;
  }

  public @Nullable String group() {
    return group;
  }

  /** Sets what differs from the defaults. NOT thread-safe. */
  public static final class Builder {
    private final int[] prompt;
    private final Namespace namespace;
    private int n = 1;
    private int maxTokens = TO_CONTEXT_END;
    private SamplerSettings sampler = SamplerSettings.NEUTRAL;
    private List<String> stops = List.of();
    private int topLogprobs = -1;
    private boolean ignoreEos;
    private boolean useCache = true;
    private @Nullable String group;

    private Builder(Namespace namespace, int[] prompt) {
      if (prompt.length == 0) {
        throw EngineException.invalidArgument("prompt", "empty", "at least one token");
      }
      this.namespace = namespace;
      this.prompt = prompt;
    }

    /** Samples of the one prompt, 1 to 128. */
    public Builder n(int value) {
      Ranges.check("n", value, 1, MOST_SAMPLES);
      n = value;
      return this;
    }

    /** At most this many tokens a sample, 1 or more, or {@link #TO_CONTEXT_END}. */
    public Builder maxTokens(int value) {
      if (value != TO_CONTEXT_END) {
        Ranges.check("max_tokens", value, 1, Integer.MAX_VALUE);
      }
      maxTokens = value;
      return this;
    }

    public Builder sampler(SamplerSettings value) {
      sampler = value;
      return this;
    }

    /** Texts that end a sample and are not part of it: at most 16 of 1 to 1024 characters. */
    public Builder stops(List<String> value) {
      Ranges.check("stop", value.size(), 0, MOST_STOPS);
      for (String stop : value) {
        Ranges.check("length of a stop string", stop.length(), 1, LONGEST_STOP);
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(stop)) {
          throw EngineException.invalidArgument("stop", stop, "text without lone surrogates");
        }
      }
      stops = List.copyOf(value);
      return this;
    }

    /** -1: no log-probabilities; 0 to 20: the drawn token's and that many alternatives. */
    public Builder topLogprobs(int value) {
      Ranges.check("top_logprobs", value, -1, MOST_ALTERNATIVES);
      topLogprobs = value;
      return this;
    }

    /** Goes on past an end-of-generation token; for measurements. */
    public Builder ignoreEos(boolean value) {
      ignoreEos = value;
      return this;
    }

    /** False: neither reads nor writes cached prefixes. */
    public Builder useCache(boolean value) {
      useCache = value;
      return this;
    }

    /** Requests of one group are scheduled next to each other where that is fair to others. */
    public Builder group(@Nullable String value) {
      if (value != null) {
        Ranges.check("length of group", value.length(), 1, LONGEST_GROUP);
      }
      group = value;
      return this;
    }

    public GenerationSpec build() {
      return new GenerationSpec(this);
    }
  }
}
