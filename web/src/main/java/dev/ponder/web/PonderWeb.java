package dev.ponder.web;

import dev.ponder.common.auth.InternalTokens;
import dev.ponder.common.kv.KvFrame;
import java.time.Clock;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.http.codec.CodecCustomizer;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.client.ReactorResourceFactory;
import org.springframework.util.unit.DataSize;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.type.LogicalType;

/** What every service's HTTP side needs; each service imports it. */
@Configuration(proxyBeanMethods = false)
@Import(InternalClients.class)
public class PonderWeb {

  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }

  /**
   * Event loops of this service's own. Those that all contexts of a JVM share by default end with
   * the first context that closes, and with them every other service beside it.
   */
  @Bean
  ReactorResourceFactory reactorResources() {
    ReactorResourceFactory resources = new ReactorResourceFactory();
    resources.setUseGlobalResources(false);
    resources.setShutdownQuietPeriod(Duration.ZERO);
    return resources;
  }

  /** One secret for the whole installation, from the environment or the launcher; never logged. */
  @Bean
  InternalTokens internalTokens(@Value("${ponder.internal.secret}") String secret) {
    return new InternalTokens(secret);
  }

  /** The outermost: it must see how the writing ended. */
  @Bean
  @Order(Ordered.HIGHEST_PRECEDENCE)
  DepartedClientFilter departedClientFilter() {
    return new DepartedClientFilter();
  }

  @Bean
  @Order(Ordered.HIGHEST_PRECEDENCE + 1)
  EventLoopWriteFilter eventLoopWriteFilter() {
    return new EventLoopWriteFilter();
  }

  @Bean
  @Order(Ordered.HIGHEST_PRECEDENCE + 10)
  InternalTokenFilter internalTokenFilter(InternalTokens tokens, Clock clock) {
    return new InternalTokenFilter(tokens, clock);
  }

  /**
   * The limit of JSON bodies: a prompt that fills a context of 128k tokens is about half a MiB.
   * Codecs get a little more, so that the filter is always the one that refuses.
   */
  @Bean
  @Order(Ordered.HIGHEST_PRECEDENCE + 20)
  BodyLimitFilter bodyLimitFilter(@Value("${ponder.web.max-body:4MB}") DataSize limit) {
    return new BodyLimitFilter(limit.toBytes(), KvFrame.MAX_FRAME_BYTES);
  }

  @Bean
  CodecCustomizer bodyLimitCodecs(
      @Value("${ponder.web.max-body:4MB}") DataSize limit,
      @Value("${spring.http.codecs.max-in-memory-size:0B}") DataSize configured) {
    // The codecs serve the clients too, whose answers may be larger than any request.
    int bytes = Math.toIntExact(Math.max(limit.toBytes() + 1024, configured.toBytes()));
    return codecs -> codecs.defaultCodecs().maxInMemorySize(bytes);
  }

  /** What a number or a text is, the caller says: 2.5 is no integer and "1" no number. */
  @Bean
  JsonMapperBuilderCustomizer strictJson() {
    return json ->
        json.disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(
                LogicalType.Textual,
                text ->
                    text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                        .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                        .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail));
  }

  /** Before Boot's own handler, which sits at -1. */
  @Bean
  @Order(-2)
  ErrorBodyHandler errorBodyHandler(JsonMapper json) {
    return new ErrorBodyHandler(json);
  }
}
