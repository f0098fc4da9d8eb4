package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.gateway.telemetry.Histogram.Series;
import dev.shadowcat.mcp.McpMethod;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How long one side's operations take: a series for each combination of attributes, made once, and few, whatever peers send. Any thread.
 */
final class OperationDurations {
    private static final Set<String> CODES =
            Set.of("-32700", "-32600", "-32601", "-32602", "-32603", "-32000", "-32001", "-32002", "-32042");

    private final Histogram durations;
    private final Attributes common;
    private final BoundedNames tools;
    private final BoundedNames prompts;
    private final Map<String, Named> byMethod = new ConcurrentHashMap<>();
    private final Map<String, Named> byTool = new ConcurrentHashMap<>();
    private final Map<String, Named> byPrompt = new ConcurrentHashMap<>();

    /** What operations of one method and target have, by the revision, then by the error. */
    private final class Named {
        private final Attributes common;
        private final Map<String, Series> succeeded = new ConcurrentHashMap<>();
        private final Map<String, Map<Outcome, Series>> failed = new ConcurrentHashMap<>();

        Named(Attributes common) {
            this.common = common;
        }

        Series of(String version, @Nullable Outcome failure) {
            if (failure == null) {
                Series known = succeeded.get(version);
                return known != null ? known : succeeded.computeIfAbsent(version, key -> with(key, null));
            }
            return failed.computeIfAbsent(version, key -> new ConcurrentHashMap<>())
                    .computeIfAbsent(bounded(failure), key -> with(version, key));
        }

        private Series with(String version, @Nullable Outcome failure) {
            AttributesBuilder builder = common.toBuilder();
            if (!version.isEmpty()) {
                builder.put(Conventions.PROTOCOL_VERSION, version);
            }
            if (failure != null) {
                builder.put(Conventions.ERROR, failure.errorType());
                if (failure.code()) {
                    builder.put(Conventions.STATUS_CODE, failure.errorType());
                }
            }
            return durations.series(builder.build());
        }

        private static Outcome bounded(Outcome failure) {
            boolean known = !failure.code() || CODES.contains(failure.errorType());
            return new Outcome(known ? failure.errorType() : Conventions.OTHER, failure.code(), null);
        }
    }

    /** @param common what all of them have */
    OperationDurations(Histogram durations, Attributes common, BoundedNames tools, BoundedNames prompts) {
        this.durations = durations;
        this.common = common;
        this.tools = tools;
        this.prompts = prompts;
    }

    /**
     * The series of an operation that ended.
     *
     * @param version the revision of MCP; empty where it is not known
     * @param failure null where it succeeded
     */
    Series of(String method, @Nullable String target, String version, @Nullable Outcome failure) {
        return named(method, target).of(version, failure);
    }

    private Named named(String method, @Nullable String target) {
        if (target != null && method.equals(McpMethod.TOOLS_CALL)) {
            return named(
                    byTool,
                    tools.of(target),
                    name -> attributes(method)
                            .put(Conventions.TOOL, name)
                            .put(Conventions.GEN_AI_OPERATION, Conventions.EXECUTE_TOOL));
        }
        if (target != null && method.equals(McpMethod.PROMPTS_GET)) {
            return named(
                    byPrompt, prompts.of(target), name -> attributes(method).put(Conventions.PROMPT, name));
        }
        return named(byMethod, McpMethod.isKnown(method) ? method : BoundedNames.OTHER, this::attributes);
    }

    private Named named(Map<String, Named> known, String name, Function<String, AttributesBuilder> attributes) {
        Named named = known.get(name);
        return named != null
                ? named
                : known.computeIfAbsent(
                        name, key -> new Named(attributes.apply(key).build()));
    }

    private AttributesBuilder attributes(String method) {
        return common.toBuilder().put(Conventions.METHOD, method);
    }
}
