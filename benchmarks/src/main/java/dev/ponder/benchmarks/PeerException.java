package dev.ponder.benchmarks;

/** A peer that cannot be started, or that stopped; the message says which and why, in one line. */
final class PeerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PeerException(String message) {
    super(message);
  }

  PeerException(String message, Throwable cause) {
    super(message, cause);
  }
}
