package dev.ponder.gateway;

import io.r2dbc.spi.Parameter;
import io.r2dbc.spi.Parameters;
import org.jspecify.annotations.Nullable;

/** Values for statements. */
public final class SqlValues {
  private SqlValues() {}

  /** A value, or a null of its type. */
  public static Parameter orNull(@Nullable Object value, Class<?> type) {
    return value == null ? Parameters.in(type) : Parameters.in(value);
  }
}
