package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.mcp.McpMethod;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
        private final Map<String, Map<String, Attributes>> failed = new ConcurrentHashMap<>();

        Series(Attributes common) {
            this.common = common;
        }

        Attributes of(String version, @Nullable Outcome failure) {
            if (failure == null) {
                Attributes known = succeeded.get(version);
                return known != null ? known : succeeded.computeIfAbsent(version, key -> with(key, null));
            }
            String error = bounded(failure);
            return failed.computeIfAbsent(version, key -> new ConcurrentHashMap<>())
                    .computeIfAbsent(error, key -> with(version, new Outcome(key, failure.code(), null)));
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

        private static String bounded(Outcome failure) {
            return !failure.code() || CODES.contains(failure.errorType()) ? failure.errorType() : Conventions.OTHER;
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
            Series known = byTool.get(tools.of(target));
            return known != null
                    ? known
                    : byTool.computeIfAbsent(
                            tools.of(target),
                            name -> new Series(common.toBuilder()
                                    .put(Conventions.METHOD, method)
                                    .put(Conventions.TOOL, name)
                                    .put(Conventions.GEN_AI_OPERATION, Conventions.EXECUTE_TOOL)
                                    .build()));
        }
        if (target != null && method.equals(McpMethod.PROMPTS_GET)) {
            Series known = byPrompt.get(prompts.of(target));
            return known != null
                    ? known
                    : byPrompt.computeIfAbsent(
                            prompts.of(target),
                            name -> new Series(common.toBuilder()
                                    .put(Conventions.METHOD, method)
                                    .put(Conventions.PROMPT, name)
                                    .build()));
        }
        Series known = byMethod.get(method);
        return known != null
                ? known
                : byMethod.computeIfAbsent(
                        McpMethod.isKnown(method) ? method : BoundedNames.OTHER,
                        name -> new Series(
                                common.toBuilder().put(Conventions.METHOD, name).build()));
    }
}
