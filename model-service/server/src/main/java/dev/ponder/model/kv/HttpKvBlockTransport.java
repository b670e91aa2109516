package dev.ponder.model.kv;

import dev.ponder.common.auth.Caller;
import dev.ponder.web.InternalClients;
import io.netty.channel.ChannelOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;
import org.springframework.http.client.reactive.ReactorClientHttpConnector;
import org.springframework.web.reactive.function.client.WebClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/**
 * Blocks over HTTP/2 without TLS: one connection carries all streams, and a cancelled fetch resets
 * its stream only. Windows are raised so that a block of some megabytes is not sent in steps.
 */
final class HttpKvBlockTransport implements KvBlockTransport, AutoCloseable {
  private static final int WINDOW = 8 << 20;
  private static final int FRAME = 1 << 20;
  private static final Duration CONNECT = Duration.ofMillis(500);

  private final InternalClients clients;
  private final WebClient http;
  private final ConnectionProvider connections;

  /**
   * Makes the transport.
   *
   * @param url the cache-service's root
   * @param loops the service's own event loops
   */
  HttpKvBlockTransport(InternalClients clients, String url, LoopResources loops) {
    this.clients = clients;
    this.connections =
        ConnectionProvider.builder("kv-blocks")
            .maxConnections(4)
            .pendingAcquireTimeout(CONNECT)
            .maxIdleTime(Duration.ofSeconds(60))
            .build();
    HttpClient client =
        HttpClient.create(connections)
            .runOn(loops)
            .protocol(HttpProtocol.H2C)
            .http2Settings(settings -> settings.initialWindowSize(WINDOW).maxFrameSize(FRAME))
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(CONNECT.toMillis()));
    this.http =
        clients
            .to(url, "cache-service")
            .mutate()
            .clientConnector(new ReactorClientHttpConnector(client))
            .build();
  }

  @Override
  public Flux<byte[]> fetch(String tenant, List<String> keys) {
    return Flux.defer(() -> {
      FrameAssembler frames = new FrameAssembler();
      return http.post()
          .uri("/internal/v1/kv/fetch")
          .headers(clients.as(caller(tenant)))
          .contentType(MediaType.APPLICATION_JSON)
          .bodyValue(Map.of("keys", keys))
          .retrieve()
          .bodyToFlux(DataBuffer.class)
          .concatMapIterable(
              buffer -> {
                try {
                  return frames.push(buffer);
                } finally {
                  DataBufferUtils.release(buffer);
                }
              },
              1)
          .doOnDiscard(DataBuffer.class, DataBufferUtils::release);
    });
  }

  @Override
  public Mono<Void> put(String tenant, String key, byte[] frame) {
    return http.put()
        .uri("/internal/v1/kv/blocks/{key}", key)
        .headers(clients.as(caller(tenant)))
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .bodyValue(frame)
        .retrieve()
        .toBodilessEntity()
        .then();
  }

  @Override
  public Mono<Void> delete(String tenant, String key) {
    return http.delete()
        .uri("/internal/v1/kv/blocks/{key}", key)
        .headers(clients.as(caller(tenant)))
        .retrieve()
        .toBodilessEntity()
        .then();
  }

  @Override
  public void close() {
    connections.dispose();
  }

  private static Caller caller(String tenant) {
    return new Caller(tenant, "kv", 0);
  }
}
