package dev.ponder.cache;

import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.core.io.ClassPathResource;
import org.springframework.data.redis.connection.ReactiveRedisConnectionFactory;
import org.springframework.data.redis.core.ReactiveRedisTemplate;
import org.springframework.data.redis.core.ScanOptions;
import org.springframework.data.redis.core.script.RedisScript;
import org.springframework.data.redis.serializer.RedisElementReader;
import org.springframework.data.redis.serializer.RedisElementWriter;
import org.springframework.data.redis.serializer.RedisSerializationContext;
import org.springframework.data.redis.serializer.RedisSerializationContext.SerializationPair;
import org.springframework.data.redis.serializer.RedisSerializer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The store on Redis. Under {@code ponder:<kind>:{<tenant>}:} lie
 *
 * <pre>
 *   b:&lt;key&gt;  the values, each with its time to live
 *   order    ZSET of keys by last use in ms
 *   sizes    HASH key -&gt; bytes, and their "total"
 *   counts   HASH hits, misses
 * </pre>
 *
 * The braces make a tenant one hash slot of a Redis Cluster, so that the scripts may touch its keys
 * together; a cluster spreads tenants, not one tenant's blocks. Order and sizes are bookkeeping:
 * should Redis evict them, the quota is counted anew, and no value is wrong.
 *
 * <p>A value appears with one SET, whole; only then is it entered into the books, so a reader never
 * meets half a value, and a crash in between leaves one that expires by itself.
 */
final class RedisBlockStore implements BlockStore {
  private static final RedisScript<Long> LOOKUP =
      RedisScript.of(new ClassPathResource("lookup.lua", RedisBlockStore.class), Long.class);

  private static final RedisScript<String> ADMIT =
      RedisScript.of(new ClassPathResource("admit.lua", RedisBlockStore.class), String.class);

  private static final RedisScript<Long> FORGET =
      RedisScript.of(new ClassPathResource("forget.lua", RedisBlockStore.class), Long.class);

  private static final int CLEAR_BATCH = 256;

  private final ReactiveRedisTemplate<String, ByteBuffer> redis;
  private final RedisGuard guard;
  private final Clock clock;
  private final String kind;
  private final Duration ttl;
  private final long quotaBytes;

  /**
   * Makes the store of one kind of values.
   *
   * @param kind part of every key, so that stores can share a Redis
   * @param quotaBytes bytes a tenant may keep
   */
  RedisBlockStore(
      ReactiveRedisConnectionFactory connections,
      RedisGuard guard,
      Clock clock,
      String kind,
      Duration ttl,
      long quotaBytes) {
    this.redis =
        new ReactiveRedisTemplate<>(
            connections,
            RedisSerializationContext.<String, ByteBuffer>newSerializationContext()
                .key(RedisSerializer.string())
                .value(SerializationPair.byteBuffer())
                .hashKey(RedisSerializer.string())
                .hashValue(RedisSerializer.string())
                .build());
    this.guard = guard;
    this.clock = clock;
    this.kind = kind;
    this.ttl = ttl;
    this.quotaBytes = quotaBytes;
  }

  @Override
  public Mono<Integer> lookup(String tenant, List<String> keys) {
    if (keys.isEmpty()) {
      return Mono.just(0);
    }
    List<String> touched = new ArrayList<>(keys.size() + 3);
    touched.add(order(tenant));
    touched.add(sizes(tenant));
    touched.add(counts(tenant));
    keys.forEach(key -> touched.add(value(tenant, key)));
    List<String> arguments = new ArrayList<>(keys.size() + 2);
    arguments.add(Long.toString(clock.millis()));
    arguments.add(Long.toString(ttl.toMillis()));
    arguments.addAll(keys);
    return guard.guard(execute(LOOKUP, touched, arguments).next()).map(Math::toIntExact);
  }

  @Override
  public Flux<ByteBuffer> read(String tenant, List<String> keys) {
    // Absence must end the stream, not leave a gap: an empty buffer stands for it, as no value is
    // empty.
    return Flux.fromIterable(keys)
        .flatMapSequential(
            key ->
                guard
                    .guard(redis.opsForValue().get(value(tenant, key)))
                    .defaultIfEmpty(ByteBuffer.allocate(0)),
            WINDOW,
            1)
        .takeWhile(ByteBuffer::hasRemaining);
  }

  @Override
  public Mono<Boolean> put(String tenant, String key, int order, ByteBuffer bytes) {
    int size = bytes.remaining();
    if (size > quotaBytes) {
      return Mono.just(false);
    }
    List<String> arguments =
        List.of(
            Long.toString(clock.millis()),
            Long.toString(ttl.toMillis()),
            Long.toString(quotaBytes),
            key,
            Integer.toString(size),
            Integer.toString(order));
    return guard
        .guard(redis.opsForValue().set(value(tenant, key), bytes, ttl))
        .then(guard.guard(execute(ADMIT, List.of(order(tenant), sizes(tenant)), arguments).next()))
        .flatMap(answer -> {
          List<String> words = List.of(answer.split(" ", -1));
          boolean kept = words.getFirst().equals("kept");
          String[] gone =
              words.stream().skip(1).map(name -> value(tenant, name)).toArray(String[]::new);
          return gone.length == 0
              ? Mono.just(kept)
              : guard.guard(redis.unlink(gone)).thenReturn(kept);
        });
  }

  @Override
  public Mono<Boolean> delete(String tenant, String key) {
    return guard
        .guard(
            execute(FORGET, List.of(order(tenant), sizes(tenant), value(tenant, key)), List.of(key))
                .next())
        .map(removed -> removed > 0);
  }

  @Override
  public Mono<Long> clear(String tenant) {
    ScanOptions all =
        ScanOptions.scanOptions().match(prefix(tenant) + "*").count(CLEAR_BATCH * 4L).build();
    String values = value(tenant, "");
    return redis
        .scan(all)
        .subscribeOn(Schedulers.boundedElastic())
        .buffer(CLEAR_BATCH)
        .concatMap(keys ->
            guard
                .guard(redis.unlink(keys.toArray(String[]::new)))
                .thenReturn(keys.stream().filter(key -> key.startsWith(values)).count()))
        .reduce(0L, Long::sum)
        .onErrorMap(guard::coded);
  }

  @Override
  public Mono<StoreStats> stats(String tenant) {
    Mono<Long> blocks = redis.opsForZSet().size(order(tenant));
    Mono<String> bytes =
        redis.<String, String>opsForHash().get(sizes(tenant), "total").defaultIfEmpty("0");
    Mono<Map<String, String>> counts =
        redis
            .<String, String>opsForHash()
            .entries(counts(tenant))
            .collectMap(Map.Entry::getKey, Map.Entry::getValue);
    return guard.guard(
        Mono.zipDelayError(blocks, bytes, counts)
            .map(t ->
                new StoreStats(
                    t.getT1(),
                    Math.max(0, Long.parseLong(t.getT2())),
                    quotaBytes,
                    Long.parseLong(t.getT3().getOrDefault("hits", "0")),
                    Long.parseLong(t.getT3().getOrDefault("misses", "0")))));
  }

  private <T> Flux<T> execute(RedisScript<T> script, List<String> keys, List<String> arguments) {
    return redis.execute(
        script,
        keys,
        arguments,
        RedisElementWriter.from(RedisSerializer.string()),
        castReader(RedisElementReader.from(RedisSerializer.string())));
  }

  /** The reader is for scripts that return text; a number does not pass through it. */
  @SuppressWarnings("unchecked")
  private static <T> RedisElementReader<T> castReader(RedisElementReader<String> reader) {
    return (RedisElementReader<T>) reader;
  }

  private String prefix(String tenant) {
    return "ponder:" + kind + ":{" + tenant + "}:";
  }

  private String value(String tenant, String key) {
    return prefix(tenant) + "b:" + key;
  }

  private String order(String tenant) {
    return prefix(tenant) + "order";
  }

  private String sizes(String tenant) {
    return prefix(tenant) + "sizes";
  }

  private String counts(String tenant) {
    return prefix(tenant) + "counts";
  }
}
