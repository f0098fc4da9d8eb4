package dev.shadowcat.gateway.telemetry;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.DoubleSupplier;

/** The registry of instruments, read as Prometheus text (exposition format 0.0.4). Registering one name twice is refused. */
public final class Metrics {
    private final Map<String, Instrument> instruments = new ConcurrentSkipListMap<>();

    /** A value that is asked for at each scrape; the supplier must not block. */
    public void gauge(String name, String help, DoubleSupplier value) {
        register(name, "gauge", help, (own, text) -> sample(own, value.getAsDouble(), text));
    }

    /** A count that only rises and that is kept elsewhere: asked for like a gauge. Its name ends in {@code _total}. */
    public void counter(String name, String help, DoubleSupplier value) {
        register(name, "counter", help, (own, text) -> sample(own, value.getAsDouble(), text));
    }

    /** A count that only rises; its name ends in {@code _total}. */
    LongAdder counter(String name, String help) {
        LongAdder count = new LongAdder();
        register(name, "counter", help, (own, text) -> sample(own, (double) count.sum(), text));
        return count;
    }

    /** Counts told apart by the constants of an enum, each from the beginning, so that the label is bounded. */
    <E extends Enum<E>> Map<E, LongAdder> counters(String name, String help, String label, Class<E> values) {
        Map<E, LongAdder> counts = new EnumMap<>(values);
        for (E value : values.getEnumConstants()) {
            counts.put(value, new LongAdder());
        }
        register(
                name,
                "counter",
                help,
                (own, text) -> counts.forEach((value, count) -> {
                    String labelled = own + "{" + label + "=\"" + value.name().toLowerCase(Locale.ROOT) + "\"}";
                    sample(labelled, (double) count.sum(), text);
                }));
        return counts;
    }

    /** A count in nanoseconds that is shown in seconds. */
    LongAdder seconds(String name, String help) {
        LongAdder nanos = new LongAdder();
        register(name, "counter", help, (own, text) -> sample(own, (double) nanos.sum() * 1e-9, text));
        return nanos;
    }

    /** A distribution; see {@link Histogram} for the unit. */
    Histogram histogram(String name, String help, double unit, double... bounds) {
        Histogram histogram = new Histogram(unit, bounds);
        register(name, "histogram", help, histogram::write);
        return histogram;
    }

    /** All instruments in the order of their names. */
    public String text() {
        StringBuilder text = new StringBuilder(8192);
        instruments.forEach((name, instrument) -> {
            text.append("# HELP ")
                    .append(name)
                    .append(' ')
                    .append(instrument.help)
                    .append('\n');
            text.append("# TYPE ")
                    .append(name)
                    .append(' ')
                    .append(instrument.type)
                    .append('\n');
            instrument.samples.accept(name, text);
        });
        return text.toString();
    }

    static String number(double value) {
        boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
        return whole ? Long.toString((long) value) : Double.toString(value);
    }

    private void register(String name, String type, String help, BiConsumer<String, StringBuilder> samples) {
        if (instruments.putIfAbsent(name, new Instrument(type, help, samples)) != null) {
            throw new IllegalStateException("metric " + name + " is registered twice");
        }
    }

    private static void sample(String name, double value, StringBuilder text) {
        text.append(name).append(' ').append(number(value)).append('\n');
    }

    private record Instrument(String type, String help, BiConsumer<String, StringBuilder> samples) {}
}
