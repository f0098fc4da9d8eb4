package dev.shadowcat.gateway.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.metrics.data.DoublePointData;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.SumData;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Metrics as Prometheus reads them (text exposition format 0.0.4). A name with dots, as semantic conventions have it, becomes
 * what OpenTelemetry's specification of Prometheus compatibility says; a name without any is one of the gateway's own, which
 * are Prometheus names already.
 */
final class PrometheusText {
    private static final Map<String, String> UNITS = Map.of("s", "_seconds", "By", "_bytes", "1", "_ratio");

    private final StringBuilder text = new StringBuilder(16_384);

    private PrometheusText() {}

    /** All of them in the order of their names; one that nothing was recorded for is left out. */
    static String of(Collection<MetricData> metrics) {
        PrometheusText page = new PrometheusText();
        List<MetricData> sorted = metrics.stream()
                .filter(metric -> !metric.getData().getPoints().isEmpty())
                .sorted(Comparator.comparing(PrometheusText::name))
                .toList();
        sorted.forEach(page::metric);
        return page.text.toString();
    }

    private static String name(MetricData metric) {
        String name = metric.getName();
        if (name.indexOf('.') < 0) {
            return name;
        }
        String unit = UNITS.getOrDefault(metric.getUnit(), "");
        boolean suffixed = !unit.isEmpty() && !(unit.equals("_ratio") && counts(metric)); // a count of ones is no ratio
        return name.replace('.', '_') + (suffixed ? unit : "") + (counts(metric) ? "_total" : "");
    }

    private static boolean counts(MetricData metric) {
        return metric.getData() instanceof SumData<?> sum && sum.isMonotonic();
    }

    private static String type(MetricData metric) {
        return switch (metric.getType()) {
            case LONG_SUM, DOUBLE_SUM -> counts(metric) ? "counter" : "gauge";
            case LONG_GAUGE, DOUBLE_GAUGE -> "gauge";
            case HISTOGRAM -> "histogram";
            case EXPONENTIAL_HISTOGRAM, SUMMARY ->
                throw new IllegalStateException("no instrument makes a " + metric.getType());
        };
    }

    private void metric(MetricData metric) {
        String name = name(metric);
        text.append("# HELP ").append(name).append(' ');
        escaped(metric.getDescription(), false);
        text.append("\n# TYPE ").append(name).append(' ').append(type(metric)).append('\n');
        switch (metric.getType()) {
            case LONG_SUM -> metric.getLongSumData().getPoints().forEach(point -> whole(name, point));
            case LONG_GAUGE -> metric.getLongGaugeData().getPoints().forEach(point -> whole(name, point));
            case DOUBLE_SUM -> metric.getDoubleSumData().getPoints().forEach(point -> number(name, point));
            case DOUBLE_GAUGE -> metric.getDoubleGaugeData().getPoints().forEach(point -> number(name, point));
            default -> metric.getHistogramData().getPoints().forEach(point -> buckets(name, point));
        }
    }

    private void whole(String name, LongPointData point) {
        sample(name, "", point.getAttributes(), "", (double) point.getValue());
    }

    private void number(String name, DoublePointData point) {
        sample(name, "", point.getAttributes(), "", point.getValue());
    }

    private void buckets(String name, HistogramPointData point) {
        long count = 0;
        for (int bucket = 0; bucket < point.getCounts().size(); bucket++) {
            count += point.getCounts().get(bucket);
            List<Double> bounds = point.getBoundaries();
            String bound = bucket < bounds.size() ? number(bounds.get(bucket)) : "+Inf";
            sample(name, "_bucket", point.getAttributes(), bound, (double) count);
        }
        sample(name, "_sum", point.getAttributes(), "", point.getSum());
        sample(name, "_count", point.getAttributes(), "", (double) count);
    }

    private void sample(String name, String suffix, Attributes labels, String bound, double value) {
        text.append(name).append(suffix);
        if (!labels.isEmpty() || !bound.isEmpty()) {
            text.append('{');
            labels.forEach((key, each) -> label(key.getKey().replace('.', '_'), String.valueOf(each)));
            if (!bound.isEmpty()) {
                label("le", bound);
            }
            text.setCharAt(text.length() - 1, '}'); // in the place of the last comma
        }
        text.append(' ').append(number(value)).append('\n');
    }

    private void label(String key, String value) {
        text.append(key).append("=\"");
        escaped(value, true);
        text.append("\",");
    }

    private void escaped(String value, boolean quoted) {
        for (int index = 0; index < value.length(); index++) {
            char each = value.charAt(index);
            switch (each) {
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '"' -> text.append(quoted ? "\\\"" : "\"");
                default -> text.append(each);
            }
        }
    }

    private static String number(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
        return whole ? Long.toString((long) value) : Double.toString(value);
    }
}
