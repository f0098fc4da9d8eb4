package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.observe.ErrorType;
import io.netty.handler.codec.http.HttpMethod;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The attributes of one side's HTTP durations: made once for each combination, and few, whatever peers send. Any thread. */
final class HttpAttributes {
    private static final int STATUSES = 600;
    private static final int FIRST_ERROR = 400;
    private static final int FIRST_SERVER_ERROR = 500;
    private static final HttpMethod OTHER = HttpMethod.valueOf(Conventions.OTHER);

    private final Attributes common;
    private final int firstError;
    private final Map<HttpMethod, @Nullable Attributes[]> answered = new ConcurrentHashMap<>();
    private final Map<HttpMethod, Map<String, Attributes>> failed = new ConcurrentHashMap<>();

    private HttpAttributes(Attributes common, int firstError) {
        this.common = common;
        this.firstError = firstError;
    }

    /** Of requests served: a status of 4xx is the client's error, not the server's. */
    static HttpAttributes served(Attributes common) {
        return new HttpAttributes(common, FIRST_SERVER_ERROR);
    }

    /** Of requests sent. */
    static HttpAttributes sent(Attributes common) {
        return new HttpAttributes(common, FIRST_ERROR);
    }

    /**
     * The attributes of a request that ended.
     *
     * @param status 0 where no answer began
     * @param errorType null where a status says all
     */
    Attributes of(HttpMethod method, int status, @Nullable ErrorType errorType) {
        HttpMethod known = isKnown(method) ? method : OTHER;
        if (errorType != null || status <= 0 || status >= STATUSES) {
            return failed(known, errorType == null ? Conventions.OTHER : errorType.text());
        }
        @Nullable Attributes[] byStatus = answered.get(known);
        if (byStatus == null) {
            byStatus = answered.computeIfAbsent(known, key -> new @Nullable Attributes[STATUSES]);
        }
        Attributes attributes = byStatus[status];
        if (attributes == null) { // twice is as good as once
            attributes = built(known, status);
            byStatus[status] = attributes;
        }
        return attributes;
    }

    private static boolean isKnown(HttpMethod method) {
        return method.equals(HttpMethod.POST)
                || method.equals(HttpMethod.GET)
                || method.equals(HttpMethod.DELETE)
                || method.equals(HttpMethod.OPTIONS)
                || method.equals(HttpMethod.HEAD)
                || method.equals(HttpMethod.PUT)
                || method.equals(HttpMethod.PATCH);
    }

    private Attributes built(HttpMethod method, int status) {
        AttributesBuilder builder = common.toBuilder()
                .put(Conventions.HTTP_METHOD, method.name())
                .put(Conventions.HTTP_STATUS, (long) status);
        if (status >= firstError) {
            builder.put(Conventions.ERROR, Integer.toString(status));
        }
        return builder.build();
    }

    private Attributes failed(HttpMethod method, String errorType) {
        return failed.computeIfAbsent(method, key -> new ConcurrentHashMap<>())
                .computeIfAbsent(
                        errorType,
                        error -> common.toBuilder()
                                .put(Conventions.HTTP_METHOD, method.name())
                                .put(Conventions.ERROR, error)
                                .build());
    }
}
