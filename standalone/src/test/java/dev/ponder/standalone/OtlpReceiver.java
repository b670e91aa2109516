package dev.ponder.standalone;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Takes what the services export over OTLP, as a collector would. Each export is one service's; a
 * trace id travels as its 16 raw bytes and the service's name as text, so no protobuf is needed to
 * see which services took part in a trace.
 */
final class OtlpReceiver implements AutoCloseable {
  private final List<String> exports = new CopyOnWriteArrayList<>();
  private final HttpServer server;

  OtlpReceiver() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/v1/traces",
        exchange -> {
          exports.add(
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1/traces";
  }

  /** Returns those of {@code services} that have exported a span of the trace. */
  List<String> servicesIn(String traceId, List<String> services) {
    String raw = new String(HexFormat.of().parseHex(traceId), StandardCharsets.ISO_8859_1);
    return services.stream()
        .filter(service -> exports.stream().anyMatch(e -> e.contains(raw) && e.contains(service)))
        .toList();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
