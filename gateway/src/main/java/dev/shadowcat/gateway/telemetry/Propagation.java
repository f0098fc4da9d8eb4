package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.mcp.MetaEditor;
import dev.shadowcat.mcp.TraceFields;
import io.netty.handler.codec.http.HttpHeaders;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes trace context from requests and puts it on others: in {@code params._meta} and in HTTP headers. Any thread. */
final class Propagation {
    private final TextMapPropagator propagator;

    Propagation(TextMapPropagator propagator) {
        this.propagator = propagator;
    }

    /** What the HTTP headers say. */
    Context extract(HttpHeaders headers) {
        return propagator.extract(Context.root(), headers, FromHeaders.INSTANCE);
    }

    /** What {@code params._meta} says, in the place of what the headers said. */
    Context extract(Context fromHeaders, @Nullable TraceFields trace) {
        return trace == null ? fromHeaders : propagator.extract(fromHeaders, trace, FromMeta.INSTANCE);
    }

    /** Puts a context on a request's headers. */
    void inject(Context context, HttpHeaders headers) {
        fields(context).forEach((name, value) -> {
            if (value.isEmpty()) {
                headers.remove(name);
            } else {
                headers.set(name, value);
            }
        });
    }

    /** The message with a context in its {@code params._meta}. */
    byte[] inject(Context context, byte[] message) {
        Map<String, String> fields = fields(context);
        return fields.isEmpty() ? message : MetaEditor.set(message, fields);
    }

    /** An empty one takes the place of what may be there of another trace. */
    private Map<String, String> fields(Context context) {
        Map<String, String> fields = new LinkedHashMap<>(4);
        propagator.inject(context, fields, (carrier, name, value) -> fields.put(name, value));
        if (fields.containsKey(TraceFields.TRACEPARENT)) {
            fields.putIfAbsent(TraceFields.TRACESTATE, "");
        }
        return fields;
    }

    private enum FromHeaders implements TextMapGetter<HttpHeaders> {
        INSTANCE;

        @Override
        public @Nullable String get(@Nullable HttpHeaders headers, String name) {
            return headers == null ? null : headers.get(name);
        }
    }

    private enum FromMeta implements TextMapGetter<TraceFields> {
        INSTANCE;

        @Override
        public @Nullable String get(@Nullable TraceFields fields, String name) {
            return fields == null ? null : fields.get(name);
        }
    }
}
