package dev.ponder.standalone.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;

class ComposeTest {
  /** Keys of a service that this file uses; another one is a misspelling until it is added here. */
  private static final Set<String> SERVICE_KEYS =
      Set.of(
          "image",
          "build",
          "ports",
          "networks",
          "environment",
          "depends_on",
          "volumes",
          "restart",
          "read_only",
          "tmpfs",
          "cap_drop",
          "security_opt",
          "stop_grace_period",
          "healthcheck",
          "command");

  private static final Pattern VARIABLE = Pattern.compile("(?<!\\$)\\$\\{([A-Z_]+)([^}]*)}?");

  private final Map<String, Map<String, Object>> services = services();

  @Test
  void hasTheFourServicesAndTheTwoStores() {
    assertThat(services.keySet())
        .containsExactlyInAnyOrder(
            "gateway-service",
            "strategy-service",
            "model-service",
            "cache-service",
            "postgres",
            "redis");
  }

  @Test
  void keysAreSpeltAsComposeSpellsThem() {
    services.forEach(
        (name, service) -> assertThat(SERVICE_KEYS).as(name).containsAll(service.keySet()));
  }

  @Test
  void dockerfilesExistAndBuildTheServiceTheyAreNamedFor() {
    Repository.SERVICES.forEach((name, module) -> {
      Map<String, Object> build = map(service(name).get("build"));
      assertThat(build).containsEntry("context", ".");
      String dockerfile = String.valueOf(build.get("dockerfile"));
      assertThat(dockerfile).isEqualTo(name + "/Dockerfile");
      assertThat(Repository.read(dockerfile))
          .contains("-pl " + module.folder() + " ")
          .contains("/src/" + module.folder() + "/target/" + module.artifact() + "-*-exec.jar")
          .contains("EXPOSE " + module.port() + "\n")
          .contains("/dev/tcp/127.0.0.1/" + module.port() + " ")
          .contains("USER 10001:10001");
    });
  }

  @Test
  void theModelImageHasTheFlagsOfTheBuild() {
    Matcher flags =
        Pattern.compile("<jvm.flags>(.*)</jvm.flags>").matcher(Repository.read("pom.xml"));
    assertThat(flags.find()).isTrue();
    assertThat(Repository.read("model-service/Dockerfile"))
        .contains("JDK_JAVA_OPTIONS=\"" + flags.group(1) + " ");
  }

  @Test
  void everyEnvironmentNameIsAProperty() throws Exception {
    KnownProperties known = new KnownProperties();
    assertThat(known.size()).isGreaterThan(500);
    Repository.SERVICES
        .keySet()
        .forEach(name ->
            assertThat(map(service(name).get("environment")).keySet())
                .as(name)
                .allMatch(known::contains));
    assertThat(known.contains("PONDER_MODEL_DIRECTORY")).as("control").isFalse();
    assertThat(known.contains("SPRING_DATA_REDIS_HOSTS")).as("control").isFalse();
  }

  @Test
  void onlyTheGatewayIsPublished() {
    services.forEach((name, service) ->
        assertThat(service.containsKey("ports"))
            .as(name)
            .isEqualTo(name.equals("gateway-service")));
    Map<String, Object> networks = map(root().get("networks"));
    assertThat(map(networks.get("inside"))).containsEntry("internal", true);
    for (String inside : List.of("model-service", "cache-service", "postgres", "redis")) {
      assertThat(service(inside).get("networks")).as(inside).isEqualTo(List.of("inside"));
    }
  }

  @Test
  void aSecretThatIsNotSetStopsComposeAndNoneIsInTheFile() {
    Set<String> required = new TreeSet<>();
    List<String> withDefault = new ArrayList<>();
    Matcher variable = VARIABLE.matcher(Repository.read("docker-compose.yml"));
    while (variable.find()) {
      if (variable.group(2).startsWith(":?")) {
        required.add(variable.group(1));
      } else {
        withDefault.add(variable.group(1));
      }
    }
    assertThat(required)
        .containsExactly(
            "PONDER_BOOTSTRAP_KEYS",
            "PONDER_DB_PASSWORD",
            "PONDER_INTERNAL_SECRET",
            "PONDER_REDIS_PASSWORD");
    assertThat(withDefault).doesNotContainAnyElementsOf(required);
    String example = Repository.read(".env.example");
    assertThat(required).allMatch(name -> example.contains("\n" + name + "=\n"));
    services.forEach((name, service) ->
        map(service.getOrDefault("environment", Map.of()))
            .forEach((key, value) -> {
              if (key.matches(".*(SECRET|PASSWORD|AUTH|KEYS).*")) {
                assertThat(String.valueOf(value)).as(name + " " + key).startsWith("${");
              }
            }));
  }

  @Test
  void servicesRunWithoutPrivileges() {
    for (String name : Repository.SERVICES.keySet()) {
      assertThat(service(name))
          .as(name)
          .containsEntry("read_only", true)
          .containsEntry("cap_drop", List.of("ALL"))
          .containsEntry("security_opt", List.of("no-new-privileges:true"));
    }
  }

  @Test
  void servicesFindEachOtherAtTheirPorts() {
    for (String name : Repository.SERVICES.keySet()) {
      map(service(name).get("environment"))
          .forEach((key, value) -> {
            if (key.matches("PONDER_[A-Z]+_URL")) {
              String target = key.split("_", -1)[1].toLowerCase(java.util.Locale.ROOT);
              Repository.Module module =
                  Objects.requireNonNull(Repository.SERVICES.get(target + "-service"));
              assertThat(value)
                  .as(name + " " + key)
                  .isEqualTo("http://" + target + "-service:" + module.port());
            }
          });
      Object depends = service(name).getOrDefault("depends_on", Map.of());
      assertThat(services.keySet()).as(name).containsAll(map(depends).keySet());
    }
  }

  private Map<String, Object> service(String name) {
    return Objects.requireNonNull(services.get(name), name);
  }

  private static Map<String, Object> root() {
    LoaderOptions strict = new LoaderOptions();
    strict.setAllowDuplicateKeys(false);
    return map(new Yaml(strict).load(Repository.read("docker-compose.yml")));
  }

  private static Map<String, Map<String, Object>> services() {
    Map<String, Map<String, Object>> services = new java.util.LinkedHashMap<>();
    map(root().get("services")).forEach((name, service) -> services.put(name, map(service)));
    return services;
  }

  @SuppressWarnings("unchecked") // what YAML calls a mapping has text keys in these files
  private static Map<String, Object> map(@org.jspecify.annotations.Nullable Object node) {
    assertThat(node).isInstanceOf(Map.class);
    return (Map<String, Object>) Objects.requireNonNull(node);
  }
}
