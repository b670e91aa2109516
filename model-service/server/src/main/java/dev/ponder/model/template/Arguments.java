package dev.ponder.model.template;

import java.util.List;
import java.util.Map;

/** The evaluated arguments of a filter, test or method, read by position or name. */
record Arguments(String callee, List<Object> positional, Map<String, Object> named) {

  int count() {
    return positional.size() + named.size();
  }

  boolean has(int index, String name) {
    return index < positional.size() || named.containsKey(name);
  }

  Object get(int index, String name) {
    Object value = index < positional.size() ? positional.get(index) : named.get(name);
    if (value == null) {
      throw new TemplateException(callee + ": argument '" + name + "' is missing");
    }
    return value;
  }

  Object get(int index, String name, Object fallback) {
    return has(index, name) ? get(index, name) : fallback;
  }

  Text text(int index, String name) {
    if (get(index, name) instanceof Text text) {
      return text;
    }
    throw new TemplateException(callee + ": '" + name + "' (expected: a string)");
  }

  Text text(int index, String name, Text fallback) {
    return has(index, name) && get(index, name) != Constant.NONE ? text(index, name) : fallback;
  }

  int integer(int index, String name, int fallback) {
    if (!has(index, name) || get(index, name) == Constant.NONE) {
      return fallback;
    }
    if (get(index, name) instanceof Long n && n == n.intValue()) {
      return n.intValue();
    }
    throw new TemplateException(callee + ": '" + name + "' (expected: an integer)");
  }
}
