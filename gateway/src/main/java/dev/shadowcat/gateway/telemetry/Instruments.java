package dev.shadowcat.gateway.telemetry;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.metrics.Meter;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;

/**
 * Makes the gateway's own instruments: what counts is an adder that exporters read when they want to know, so that counting
 * costs an addition. Names are the ones that Prometheus shows. Registering one twice is refused.
 */
public final class Instruments {
    private final Meter meter;
    private final Histograms histograms;
    private final Set<String> names = new HashSet<>(); // guarded by this

    Instruments(Meter meter, Histograms histograms) {
        this.meter = meter;
        this.histograms = histograms;
    }

    /** A value that is asked for at each reading; the supplier must not block. */
    public void gauge(String name, String unit, String help, DoubleSupplier value) {
        register(name);
        meter.gaugeBuilder(name)
                .setUnit(unit)
                .setDescription(help)
                .buildWithCallback(reading -> reading.record(value.getAsDouble()));
    }

    /** A count that only rises and that is kept elsewhere: asked for like a gauge. Its name ends in {@code _total}. */
    public void counter(String name, String unit, String help, DoubleSupplier value) {
        register(name);
        meter.counterBuilder(name)
                .ofDoubles()
                .setUnit(unit)
                .setDescription(help)
                .buildWithCallback(reading -> reading.record(value.getAsDouble()));
    }

    /** A count that only rises; its name ends in {@code _total}. */
    LongAdder counter(String name, String unit, String help) {
        register(name);
        LongAdder count = new LongAdder();
        meter.counterBuilder(name)
                .setUnit(unit)
                .setDescription(help)
                .buildWithCallback(reading -> reading.record(count.sum()));
        return count;
    }

    /** Counts told apart by the constants of an enum, each from the beginning, so that the label is bounded. */
    <E extends Enum<E>> Map<E, LongAdder> counters(
            String name, String unit, String help, String label, Class<E> values) {
        register(name);
        Map<E, LongAdder> counts = new EnumMap<>(values);
        Map<E, Attributes> labels = new EnumMap<>(values);
        AttributeKey<String> key = AttributeKey.stringKey(label);
        for (E value : values.getEnumConstants()) {
            counts.put(value, new LongAdder());
            labels.put(value, Attributes.of(key, value.name().toLowerCase(Locale.ROOT)));
        }
        meter.counterBuilder(name)
                .setUnit(unit)
                .setDescription(help)
                .buildWithCallback(
                        reading -> counts.forEach((value, count) -> reading.record(count.sum(), labels.get(value))));
        return counts;
    }

    /** A count in nanoseconds that is shown in seconds. */
    LongAdder seconds(String name, String help) {
        LongAdder nanos = new LongAdder();
        counter(name, "s", help, () -> (double) nanos.sum() * 1e-9);
        return nanos;
    }

    /** A distribution without attributes; see {@link Histogram} for the scale. */
    Histogram.Series histogram(String name, String unit, String help, double scale, double... bounds) {
        register(name);
        return histograms
                .histogram(
                        name, unit, help, scale, Arrays.stream(bounds).boxed().toList())
                .series(Attributes.empty());
    }

    private synchronized void register(String name) {
        if (!names.add(name)) {
            throw new IllegalStateException("metric " + name + " is registered twice");
        }
    }
}
