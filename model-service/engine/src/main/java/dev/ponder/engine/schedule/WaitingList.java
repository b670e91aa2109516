package dev.ponder.engine.schedule;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Tasks not yet scheduled, first come first served, except that a task joins its group: siblings of
 * a run share a prompt, and are best computed together. No task is overtaken more than a fixed
 * number of times. NOT thread-safe: owned by the scheduler's thread.
 */
final class WaitingList {
  private static final int MOST_OVERTAKES = 16;

  private final List<Task> tasks = new ArrayList<>();

  void add(Task task) {
    int at = placeInGroup(task);
    for (Task overtaken : tasks.subList(at, tasks.size())) {
      overtaken.overtakes++;
    }
    tasks.add(at, task);
  }

  boolean isEmpty() {
    return tasks.isEmpty();
  }

  @Nullable Task first() {
    return tasks.isEmpty() ? null : tasks.getFirst();
  }

  void removeFirst() {
    tasks.removeFirst();
  }

  /** Removes and returns the tasks that match. */
  List<Task> removeIf(Predicate<Task> condition) {
    List<Task> removed = new ArrayList<>();
    for (Iterator<Task> i = tasks.iterator(); i.hasNext(); ) {
      Task task = i.next();
      if (condition.test(task)) {
        i.remove();
        removed.add(task);
      }
    }
    return removed;
  }

  /** Behind the last of its group, unless that would overtake a task too often. */
  private int placeInGroup(Task task) {
    for (int i = tasks.size() - 1; i >= 0 && task.group != null; i--) {
      if (task.group.equals(tasks.get(i).group) && task.namespace.equals(tasks.get(i).namespace)) {
        return i + 1;
      }
      if (tasks.get(i).overtakes >= MOST_OVERTAKES) {
        break;
      }
    }
    return tasks.size();
  }
}
