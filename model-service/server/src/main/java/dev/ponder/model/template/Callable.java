package dev.ponder.model.template;

import java.util.List;
import java.util.Map;

/** A value that a template can call: a macro or one of the few given functions. */
interface Callable {
  Object call(List<Object> arguments, Map<String, Object> named);
}
