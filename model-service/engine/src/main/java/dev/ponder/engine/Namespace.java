package dev.ponder.engine;

/**
 * Whose prefix blocks these are. Blocks are never shared across namespaces, so that one tenant
 * cannot learn from timings what another has asked.
 *
 * @param id a tenant's id; set by the server from the authenticated caller, never by the caller
 */
public record Namespace(String id) {
  private static final int LONGEST_ID = 256;

  public Namespace {
    if (id.isEmpty() || id.length() > LONGEST_ID) {
      throw EngineException.invalidArgument(
          "namespace", id, "an id of 1 to " + LONGEST_ID + " characters");
    }
  }
}
