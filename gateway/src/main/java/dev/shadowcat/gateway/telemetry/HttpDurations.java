package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.gateway.telemetry.Histogram.Series;
import dev.shadowcat.observe.ErrorType;
import io.netty.handler.codec.http.HttpMethod;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** How long one side's HTTP requests take: a series for each combination of attributes, made once, and few, whatever peers send. Any thread. */
final class HttpDurations {
    private static final int STATUSES = 600;
    private static final int FIRST_ERROR = 400;
    private static final int FIRST_SERVER_ERROR = 500;
    private static final HttpMethod OTHER = HttpMethod.valueOf(Conventions.OTHER);

    private final Histogram durations;
    private final Attributes common;
    private final int firstError;
    private final Map<HttpMethod, @Nullable Series[]> answered = new ConcurrentHashMap<>();
    private final Map<HttpMethod, Map<String, Series>> failed = new ConcurrentHashMap<>();

    private HttpDurations(Histogram durations, Attributes common, int firstError) {
        this.durations = durations;
        this.common = common;
        this.firstError = firstError;
    }

    /** Of requests served: a status of 4xx is the client's error, not the server's. */
    static HttpDurations served(Histogram durations, Attributes common) {
        return new HttpDurations(durations, common, FIRST_SERVER_ERROR);
    }

    /** Of requests sent. */
    static HttpDurations sent(Histogram durations, Attributes common) {
        return new HttpDurations(durations, common, FIRST_ERROR);
    }

    /**
     * The series of a request that ended.
     *
     * @param status 0 where no answer began
     * @param errorType null where a status says all
     */
    Series of(HttpMethod method, int status, @Nullable ErrorType errorType) {
        HttpMethod known = isKnown(method) ? method : OTHER;
        if (errorType != null || status <= 0 || status >= STATUSES) {
            return failed(known, errorType == null ? Conventions.OTHER : errorType.text());
        }
        @Nullable Series[] byStatus = answered.get(known);
        if (byStatus == null) {
            byStatus = answered.computeIfAbsent(known, key -> new @Nullable Series[STATUSES]);
        }
        Series series = byStatus[status];
        if (series == null) { // looked up twice is as good as once
            series = answered(known, status);
            byStatus[status] = series;
        }
        return series;
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

    private Series answered(HttpMethod method, int status) {
        AttributesBuilder builder = common.toBuilder()
                .put(Conventions.HTTP_METHOD, method.name())
                .put(Conventions.HTTP_STATUS, (long) status);
        if (status >= firstError) {
            builder.put(Conventions.ERROR, Integer.toString(status));
        }
        return durations.series(builder.build());
    }

    private Series failed(HttpMethod method, String errorType) {
        return failed.computeIfAbsent(method, key -> new ConcurrentHashMap<>())
                .computeIfAbsent(
                        errorType,
                        error -> durations.series(common.toBuilder()
                                .put(Conventions.HTTP_METHOD, method.name())
                                .put(Conventions.ERROR, error)
                                .build()));
    }
}
