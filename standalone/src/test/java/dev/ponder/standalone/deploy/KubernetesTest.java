package dev.ponder.standalone.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * Every manifest parsed into the API's own types, and refused when a field was left over that the
 * types do not have: what the API server would ignore in silence.
 */
class KubernetesTest {
  private static final KubernetesSerialization API = new KubernetesSerialization();
  private static final Set<String> KUSTOMIZATION_KEYS =
      Set.of("apiVersion", "kind", "namespace", "resources", "patches", "configMapGenerator");

  private final Map<Path, List<HasMetadata>> manifests = manifests();

  @Test
  void everyFieldOfEveryManifestExists() {
    assertThat(manifests).hasSizeGreaterThan(9);
    manifests.forEach((file, resources) ->
        resources.forEach(resource ->
            assertThat(leftOver(resource, resource.getKind())).as(file.toString()).isEmpty()));
  }

  @Test
  void aMisspeltFieldIsFound() {
    String good = Repository.read("k8s/base/cache-service.yaml");
    for (String typo :
        List.of(
            good.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem"),
            good.replace("  replicas:", "  replica:"),
            good.replace("periodSeconds: 5", "periodSecond: 5"),
            good.replace("maxUnavailable", "maxUnavailble"))) {
      assertThat(typo).isNotEqualTo(good);
      assertThat(
              parse(typo).stream()
                  .flatMap(resource -> leftOver(resource, resource.getKind()).stream()))
          .isNotEmpty();
    }
  }

  @Test
  void kustomizationsNameFilesThatExistAndLeaveNoneOut() throws Exception {
    List<Path> named = new ArrayList<>();
    for (Path file : Repository.yamlFilesUnder("k8s")) {
      if (!isKustomization(file)) {
        continue;
      }
      Map<String, Object> content = map(new Yaml(strict()).load(Files.readString(file)));
      assertThat(KUSTOMIZATION_KEYS).as(file.toString()).containsAll(content.keySet());
      Path folder = Objects.requireNonNull(file.getParent());
      for (Object resource : list(content.get("resources"))) {
        Path target = folder.resolve(String.valueOf(resource)).normalize();
        assertThat(target).as(file.toString()).exists();
        named.add(target);
      }
      for (Object patch : list(content.getOrDefault("patches", List.of()))) {
        Path target = folder.resolve(String.valueOf(map(patch).get("path")));
        assertThat(target).as(file.toString()).exists();
        named.add(target);
      }
    }
    assertThat(named).containsAll(manifests.keySet());
  }

  @Test
  void podsRunWithoutPrivilegesWithProbesAndLimits() {
    List<Deployment> deployments = base(Deployment.class);
    assertThat(deployments).hasSize(4);
    for (Deployment deployment : deployments) {
      String name = deployment.getMetadata().getName();
      var pod = deployment.getSpec().getTemplate().getSpec();
      assertThat(pod.getSecurityContext().getRunAsNonRoot()).as(name).isTrue();
      assertThat(pod.getSecurityContext().getSeccompProfile().getType())
          .isEqualTo("RuntimeDefault");
      assertThat(pod.getAutomountServiceAccountToken()).as(name).isFalse();
      assertThat(pod.getContainers()).hasSize(1);
      Container container = pod.getContainers().getFirst();
      var security = container.getSecurityContext();
      assertThat(security.getReadOnlyRootFilesystem()).as(name).isTrue();
      assertThat(security.getAllowPrivilegeEscalation()).as(name).isFalse();
      assertThat(security.getCapabilities().getDrop()).as(name).containsExactly("ALL");
      assertThat(container.getReadinessProbe().getHttpGet().getPath())
          .isEqualTo("/actuator/health/readiness");
      assertThat(container.getLivenessProbe().getHttpGet().getPath())
          .isEqualTo("/actuator/health/liveness");
      assertThat(container.getStartupProbe()).as(name).isNotNull();
      assertThat(container.getResources().getRequests()).containsKeys("cpu", "memory");
      assertThat(container.getResources().getLimits()).containsKey("memory");
      // preStop pause + the YAML's timeout-per-shutdown-phase fit in.
      assertThat(pod.getTerminationGracePeriodSeconds()).as(name).isGreaterThanOrEqualTo(30);
    }
  }

  @Test
  void selectorsPortsAndNamesFitTogether() {
    Repository.SERVICES.forEach((name, module) -> {
      Deployment deployment = named(Deployment.class, name);
      Map<String, String> labels = deployment.getSpec().getTemplate().getMetadata().getLabels();
      assertThat(labels).containsAllEntriesOf(deployment.getSpec().getSelector().getMatchLabels());
      Service service = named(Service.class, name);
      assertThat(labels).containsAllEntriesOf(service.getSpec().getSelector());
      assertThat(service.getSpec().getPorts().getFirst().getPort()).isEqualTo(module.port());
      Container container = deployment.getSpec().getTemplate().getSpec().getContainers().getFirst();
      assertThat(container.getImage()).isEqualTo("ponder/" + name);
      assertThat(container.getPorts().getFirst().getContainerPort()).isEqualTo(module.port());
      assertThat(labels)
          .containsAllEntriesOf(
              named(PodDisruptionBudget.class, name).getSpec().getSelector().getMatchLabels());
      assertThat(labels)
          .containsAllEntriesOf(
              named(NetworkPolicy.class, name).getSpec().getPodSelector().getMatchLabels());
    });
  }

  @Test
  void everyEnvironmentNameIsAPropertyAndEveryReferenceHasItsKey() throws Exception {
    KnownProperties known = new KnownProperties();
    Set<String> configured = configKeys();
    String readme = Repository.read("k8s/README.md");
    for (Deployment deployment : base(Deployment.class)) {
      for (EnvVar variable :
          deployment.getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv()) {
        String name = deployment.getMetadata().getName() + " " + variable.getName();
        assertThat(known.contains(variable.getName())).as(name).isTrue();
        if (variable.getValueFrom() == null) {
          assertThat(variable.getName()).doesNotMatch(".*(SECRET|PASSWORD|KEYS).*");
        } else if (variable.getValueFrom().getConfigMapKeyRef() != null) {
          assertThat(configured)
              .as(name)
              .contains(variable.getValueFrom().getConfigMapKeyRef().getKey());
        } else {
          assertThat(readme)
              .as(name)
              .contains(
                  "--from-literal=" + variable.getValueFrom().getSecretKeyRef().getKey() + "=");
        }
      }
    }
  }

  @Test
  void autoscalersAndPatchesAreForDeploymentsThatExist() {
    Set<String> deployments =
        base(Deployment.class).stream()
            .map(each -> each.getMetadata().getName())
            .collect(Collectors.toSet());
    List<HorizontalPodAutoscaler> autoscalers = all(HorizontalPodAutoscaler.class);
    assertThat(autoscalers).hasSize(4);
    assertThat(deployments)
        .containsAll(
            autoscalers.stream().map(each -> each.getSpec().getScaleTargetRef().getName()).toList())
        .containsAll(
            all(Deployment.class).stream().map(each -> each.getMetadata().getName()).toList());
  }

  @Test
  void whatIsNotAllowedIsDenied() {
    NetworkPolicy deny = named(NetworkPolicy.class, "default-deny");
    assertThat(deny.getSpec().getPolicyTypes()).containsExactly("Ingress", "Egress");
    assertThat(deny.getSpec().getIngress()).isEmpty();
    assertThat(deny.getSpec().getEgress()).isEmpty();
    for (String inside : List.of("model-service", "strategy-service", "cache-service")) {
      assertThat(named(NetworkPolicy.class, inside).getSpec().getIngress())
          .as(inside)
          .allSatisfy(rule -> assertThat(rule.getFrom()).isNotEmpty());
    }
  }

  private Set<String> configKeys() throws java.io.IOException {
    Map<String, Object> base =
        map(new Yaml(strict()).load(Repository.read("k8s/base/kustomization.yaml")));
    return list(map(list(base.get("configMapGenerator")).getFirst()).get("literals")).stream()
        .map(literal -> String.valueOf(literal).replaceAll("=.*", ""))
        .collect(Collectors.toSet());
  }

  private <T extends HasMetadata> List<T> all(Class<T> type) {
    return manifests.values().stream()
        .flatMap(List::stream)
        .filter(type::isInstance)
        .map(type::cast)
        .toList();
  }

  private <T extends HasMetadata> List<T> base(Class<T> type) {
    Path base = Repository.ROOT.resolve("k8s/base");
    return manifests.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(base))
        .flatMap(entry -> entry.getValue().stream())
        .filter(type::isInstance)
        .map(type::cast)
        .toList();
  }

  private <T extends HasMetadata> T named(Class<T> type, String name) {
    return base(type).stream()
        .filter(each -> each.getMetadata().getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError(type.getSimpleName() + " " + name + ": missing"));
  }

  private static Map<Path, List<HasMetadata>> manifests() {
    Map<Path, List<HasMetadata>> manifests = new LinkedHashMap<>();
    for (Path file : Repository.yamlFilesUnder("k8s")) {
      if (!isKustomization(file)) {
        manifests.put(file, parse(Repository.read(Repository.ROOT.relativize(file).toString())));
      }
    }
    return manifests;
  }

  private static List<HasMetadata> parse(String yaml) {
    List<HasMetadata> resources = new ArrayList<>();
    for (Object document : new Yaml(strict()).loadAll(yaml)) {
      HasMetadata resource = API.unmarshal(new Yaml().dump(document));
      // A kind without a type of its own would take any field.
      assertThat(resource.getClass().getSimpleName()).doesNotContain("Generic");
      resources.add(resource);
    }
    return resources;
  }

  /** Returns the paths of all fields that the types do not know. */
  private static List<String> leftOver(@Nullable Object node, String path) {
    List<String> found = new ArrayList<>();
    switch (node) {
      case null -> {}
      case Collection<?> many -> many.forEach(each -> found.addAll(leftOver(each, path)));
      case Map<?, ?> map ->
          map.forEach((key, value) -> found.addAll(leftOver(value, path + "." + key)));
      default -> {
        if (!node.getClass().getName().startsWith("io.fabric8.kubernetes.api.model")
            || node instanceof Enum<?>) {
          return found;
        }
        for (Method method : node.getClass().getMethods()) {
          if (method.getName().startsWith("get") && method.getParameterCount() == 0) {
            Object value = invoke(method, node);
            String name = method.getName().substring(3);
            if (!name.equals("AdditionalProperties")) {
              found.addAll(leftOver(value, path + "." + name));
            } else if (value instanceof Map<?, ?> more) {
              more.keySet().forEach(key -> found.add(path + "." + key));
            }
          }
        }
      }
    }
    return found;
  }

  private static @Nullable Object invoke(Method method, Object target) {
    try {
      return method.invoke(target);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(method.toString(), e);
    }
  }

  private static boolean isKustomization(Path file) {
    return file.endsWith("kustomization.yaml");
  }

  private static LoaderOptions strict() {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return options;
  }

  @SuppressWarnings("unchecked") // what YAML calls a mapping has text keys in these files
  private static Map<String, Object> map(@Nullable Object node) {
    assertThat(node).isInstanceOf(Map.class);
    return (Map<String, Object>) Objects.requireNonNull(node);
  }

  @SuppressWarnings("unchecked") // a sequence of anything
  private static List<Object> list(@Nullable Object node) {
    assertThat(node).isInstanceOf(List.class);
    return (List<Object>) Objects.requireNonNull(node);
  }
}
