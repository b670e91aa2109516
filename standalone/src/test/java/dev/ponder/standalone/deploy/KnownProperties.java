package dev.ponder.standalone.deploy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.util.Collections;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.beans.factory.annotation.AnnotatedBeanDefinition;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Names an environment variable may have: Spring's own properties, the components of our
 * configuration records, the keys of the services' YAML files and the placeholders in them. In the
 * form in which Spring compares them: upper case, no dots, dashes or underscores.
 */
final class KnownProperties {
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Za-z0-9._-]+)");

  private final Set<String> names = new HashSet<>();

  KnownProperties() throws IOException, ClassNotFoundException {
    spring();
    records();
    for (String service : Repository.SERVICES.keySet()) {
      yaml(service);
    }
  }

  boolean contains(String environmentVariable) {
    return names.contains(canonical(environmentVariable));
  }

  int size() {
    return names.size();
  }

  private static String canonical(String name) {
    return name.replaceAll("[._-]", "").toUpperCase(Locale.ROOT);
  }

  private void spring() throws IOException {
    JsonMapper json = JsonMapper.builder().build();
    for (URL url :
        Collections.list(
            KnownProperties.class
                .getClassLoader()
                .getResources("META-INF/spring-configuration-metadata.json"))) {
      try (InputStream in = url.openStream()) {
        for (JsonNode property : json.readTree(in).path("properties")) {
          names.add(canonical(property.path("name").asString()));
        }
      }
    }
  }

  private void records() throws ClassNotFoundException {
    ClassPathScanningCandidateComponentProvider scanner =
        new ClassPathScanningCandidateComponentProvider(false) {
          @Override
          protected boolean isCandidateComponent(AnnotatedBeanDefinition definition) {
            return true;
          }
        };
    scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
    for (BeanDefinition found : scanner.findCandidateComponents("dev.ponder")) {
      Class<?> type = Class.forName(found.getBeanClassName());
      ConfigurationProperties properties = type.getAnnotation(ConfigurationProperties.class);
      if (properties != null && type.isRecord()) {
        String prefix = properties.value().isEmpty() ? properties.prefix() : properties.value();
        components(prefix, type);
      }
    }
  }

  private void components(String prefix, Class<?> type) {
    for (RecordComponent component : type.getRecordComponents()) {
      String name = prefix + "." + component.getName();
      names.add(canonical(name));
      if (component.getType().isRecord()) {
        components(name, component.getType());
      }
    }
  }

  private void yaml(String service) throws IOException {
    URL file = KnownProperties.class.getClassLoader().getResource(service + ".yaml");
    if (file == null) {
      throw new IllegalStateException(service + ".yaml: not on the class path");
    }
    try (InputStream in = file.openStream()) {
      keys("", new Yaml().load(in));
    }
  }

  private void keys(String prefix, Object node) {
    if (node instanceof Map<?, ?> map) {
      map.forEach((key, value) -> keys(prefix.isEmpty() ? key + "" : prefix + "." + key, value));
      return;
    }
    names.add(canonical(prefix));
    Matcher placeholder = PLACEHOLDER.matcher(String.valueOf(node));
    while (placeholder.find()) {
      names.add(canonical(placeholder.group(1)));
    }
  }
}
