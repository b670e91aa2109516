package dev.ponder.model.template;

/** A template that cannot be compiled, or that refused or failed to render its input. */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean raised;

  TemplateException(String message) {
    this(message, false);
  }

  private TemplateException(String message, boolean raised) {
    super(message);
    this.raised = raised;
  }

  /** What the template itself refused by {@code raise_exception}. */
  static TemplateException raised(String message) {
    return new TemplateException(message, true);
  }

  /** Whether the template refused its input, rather than being broken itself. */
  public boolean isRefusal() {
    return raised;
  }
}
