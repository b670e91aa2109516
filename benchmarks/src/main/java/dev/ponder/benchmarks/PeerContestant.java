package dev.ponder.benchmarks;

/** llama.cpp with one setting of flash attention; both settings share one process. */
record PeerContestant(PeerProcess process, int flash) implements Contestant {

  @Override
  public String label() {
    return "llama.cpp flash " + flash;
  }

  @Override
  public Measurement run(Workload workload) {
    return new Measurement(process.run(flash, workload), Measurement.Work.UNKNOWN);
  }
}
