package dev.ponder.model.telemetry;

import dev.ponder.common.wire.ModelInfo;
import dev.ponder.model.registry.ModelRegistry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.actuate.info.Info;
import org.springframework.boot.actuate.info.InfoContributor;
import org.springframework.stereotype.Component;

/** Says which models are loaded and with which kernels they run. */
@Component
class ModelsInfo implements InfoContributor {
  private final ModelRegistry registry;

  ModelsInfo(ModelRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void contribute(Info.Builder builder) {
    Map<String, Object> models = new LinkedHashMap<>();
    for (ModelInfo model : loaded()) {
      models.put(
          model.id(),
          Map.of(
              "kernels", String.valueOf(model.kernels()),
              "activationBits", String.valueOf(model.activationBits()),
              "quantization", String.valueOf(model.quantization())));
    }
    builder.withDetail("models", models);
  }

  private List<ModelInfo> loaded() {
    return registry.loaded();
  }
}
