package dev.shadowcat.gateway.telemetry;

import java.util.logging.Filter;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * What is logged of an export that failed: one line that names where it was to go. The SDK's own names nothing, and brings a
 * stack trace.
 */
final class ExportFailures implements Filter {
    // Held on to: a logger that nobody holds is collected, and its filter with it.
    private static final Logger SDK = Logger.getLogger("io.opentelemetry.exporter.otlp.internal.HttpExporter");

    private final String traces;
    private final String metrics;

    private ExportFailures(String traces, String metrics) {
        this.traces = traces;
        this.metrics = metrics;
    }

    /** From now on the log names these URLs. */
    static void nameEndpoints(String traces, String metrics) {
        SDK.setFilter(new ExportFailures(traces, metrics));
    }

    @Override
    public boolean isLoggable(LogRecord said) {
        String endpoint = said.getMessage().contains("metric") ? metrics : traces;
        Throwable why = said.getThrown();
        said.setThrown(null);
        said.setMessage(endpoint + ": " + said.getMessage() + (why == null ? "" : " " + why));
        return true;
    }
}
