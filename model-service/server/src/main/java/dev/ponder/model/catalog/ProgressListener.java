package dev.ponder.model.catalog;

/** Hears how a pull goes on. Called on the pulling thread, and often. */
public interface ProgressListener {
  /** Hears nothing. */
  ProgressListener NONE =
      new ProgressListener() {
        @Override
        public void stage(String what) {}

        @Override
        public void bytes(long done, long total) {}

        @Override
        public void sourceFailed(String source, String why) {}
      };

  /** A new stage begins, in words: which source is being asked, that the file is being checked. */
  void stage(String what);

  /** So many bytes of this stage are done. */
  void bytes(long done, long total);

  /** A source gave nothing; the next one is tried. */
  void sourceFailed(String source, String why);
}
