package dev.ponder.web;

import org.springframework.context.SmartLifecycle;

/**
 * Sends what a service still has to send when it stops: after the web server has answered its last
 * request, and before the event loops end ({@link PonderWeb#reactorResources}, phase 0), which is
 * too early for a bean's {@code destroy}.
 */
public final class DrainOnStop implements SmartLifecycle {
  private final Runnable drain;
  private volatile boolean running;

  /**
   * Makes the step.
   *
   * @param drain sends what is left; takes a bounded time
   */
  public DrainOnStop(Runnable drain) {
    this.drain = drain;
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    running = false;
    drain.run();
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** Below both of the web server's phases, which end first. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE - 4096;
  }
}
