package dev.shadowcat.gateway.config;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Settings from SHADOWCAT_* variables. */
final class Environment {
    /**
     * Not settings: the launcher's own, and what Kubernetes puts into every container when a service is called
     * {@code shadowcat}.
     */
    private static final Pattern NOT_OURS =
            Pattern.compile("SHADOWCAT_(JAVA_.*|PORT|PORT_\\d+_.*|SERVICE_HOST|SERVICE_PORT(_.*)?)");

    private static final String PREFIX = "SHADOWCAT_";

    private Environment() {}

    static Map<String, Given> read(Map<String, String> environment) {
        Names names = new Names(Key::variable);
        Map<String, Given> given = new HashMap<>();
        environment.forEach((variable, text) -> {
            if (variable.startsWith(PREFIX) && !NOT_OURS.matcher(variable).matches()) {
                Key<?> key = names.find(variable)
                        .orElseThrow(() -> new ConfigurationException(
                                variable + ": no such setting" + Suggestions.variable(variable)));
                given.put(key.name(), new Given(text, variable));
            }
        });
        return given;
    }
}
