package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.mcp.McpMethod;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of one side's operation durations: made once for each combination, and few, whatever peers send. Any thread.
 */
final class OperationAttributes {
    private static final Set<String> CODES =
            Set.of("-32700", "-32600", "-32601", "-32602", "-32603", "-32000", "-32001", "-32002", "-32042");

    private final Attributes common;
    private final BoundedNames tools;
    private final BoundedNames prompts;
    private final Map<String, Series> byMethod = new ConcurrentHashMap<>();
    private final Map<String, Series> byTool = new ConcurrentHashMap<>();
    private final Map<String, Series> byPrompt = new ConcurrentHashMap<>();

    /** What operations of one method and target have, by the revision, then by the error. */
    private static final class Series {
        private final Attributes common;
        private final Map<String, Attributes> succeeded = new ConcurrentHashMap<>();
        private final Map<String, Map<Outcome, Attributes>> failed = new ConcurrentHashMap<>();

        Series(Attributes common) {
            this.common = common;
        }

        Attributes of(String version, @Nullable Outcome failure) {
            if (failure == null) {
                Attributes known = succeeded.get(version);
                return known != null ? known : succeeded.computeIfAbsent(version, key -> with(key, null));
            }
            return failed.computeIfAbsent(version, key -> new ConcurrentHashMap<>())
                    .computeIfAbsent(bounded(failure), key -> with(version, key));
        }

        private Attributes with(String version, @Nullable Outcome failure) {
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
            return builder.build();
        }

        private static Outcome bounded(Outcome failure) {
            boolean known = !failure.code() || CODES.contains(failure.errorType());
            return new Outcome(known ? failure.errorType() : Conventions.OTHER, failure.code(), null);
        }
    }

    /** @param common what all of them have */
    OperationAttributes(Attributes common, BoundedNames tools, BoundedNames prompts) {
        this.common = common;
        this.tools = tools;
        this.prompts = prompts;
    }

    /**
     * The attributes of an operation that ended.
     *
     * @param version the revision of MCP; empty where it is not known
     * @param failure null where it succeeded
     */
    Attributes of(String method, @Nullable String target, String version, @Nullable Outcome failure) {
        return series(method, target).of(version, failure);
    }

    private Series series(String method, @Nullable String target) {
        if (target != null && method.equals(McpMethod.TOOLS_CALL)) {
            return series(
                    byTool,
                    tools.of(target),
                    name -> attributes(method)
                            .put(Conventions.TOOL, name)
                            .put(Conventions.GEN_AI_OPERATION, Conventions.EXECUTE_TOOL));
        }
        if (target != null && method.equals(McpMethod.PROMPTS_GET)) {
            return series(
                    byPrompt, prompts.of(target), name -> attributes(method).put(Conventions.PROMPT, name));
        }
        return series(byMethod, McpMethod.isKnown(method) ? method : BoundedNames.OTHER, this::attributes);
    }

    private static Series series(
            Map<String, Series> known, String name, Function<String, AttributesBuilder> attributes) {
        Series series = known.get(name);
        return series != null
                ? series
                : known.computeIfAbsent(
                        name, key -> new Series(attributes.apply(key).build()));
    }

    private AttributesBuilder attributes(String method) {
        return common.toBuilder().put(Conventions.METHOD, method);
    }
}
