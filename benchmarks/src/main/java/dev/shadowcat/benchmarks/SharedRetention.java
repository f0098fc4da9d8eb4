package dev.shadowcat.benchmarks;

import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.postgres.PostgresSettings;
import dev.shadowcat.store.postgres.PostgresStores;
import dev.shadowcat.store.postgres.PostgresUrl;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/**
 * Mode {@code shared-retention}: events at a rate into PostgreSQL while retention removes as many, and whether the table stays as
 * large as it is.
 */
final class SharedRetention {
    private static final double FLAT = 1.1;
    private static final String TABLE = """
            SELECT pg_total_relation_size('events'), pg_indexes_size('events'), n_live_tup, n_dead_tup, autovacuum_count
            FROM pg_stat_user_tables WHERE relid = 'events'::regclass""";

    private final Transport transport = new Transport("load");
    private final String url;
    private final int rate;
    private final int seconds;
    private final int sessions;
    private final int keep;
    private final int every;
    private final Payloads payloads;

    SharedRetention(Arguments arguments) {
        url = arguments.text("url");
        rate = arguments.number("rate", 10_000);
        seconds = arguments.number("seconds", 60);
        sessions = arguments.number("sessions", 100);
        keep = arguments.number("keep", 500);
        every = arguments.number("every", 10);
        payloads = new Payloads(arguments.number("bytes", 300));
        arguments.refuseOthers();
    }

    /** Returns whether every event was stored once and in order; whether the table stayed flat is printed. */
    boolean run() {
        System.out.printf(
                Locale.ROOT,
                "%,d events/s over %d sessions, of which retention keeps %,d to %,d each%n",
                rate,
                sessions,
                keep,
                keep + keep / 10);
        System.out.printf(
                "%8s%12s%12s%12s%12s%12s%10s%10s%n",
                "seconds", "stored/s", "p99 ms", "table MB", "of indexes", "live rows", "dead", "vacuums");
        try (Connection connection = BarePostgres.connect(url);
                Statement statement = connection.createStatement();
                WorkerLoad load = new WorkerLoad(
                        PostgresStores.open(
                                PostgresUrl.parse(url),
                                PostgresSettings.DEFAULTS,
                                new NodeIdentity(UUID.randomUUID().toString(), "")),
                        PersistenceSettings.DEFAULTS,
                        transport.loop(),
                        payloads,
                        sessions,
                        keep)) {
            load.pace(rate);
            List<Long> sizes = new ArrayList<>();
            for (int passed = every; passed <= seconds; passed += every) {
                sizes.add(stretch(load, statement, passed));
            }
            load.stop();
            boolean whole = load.whole();
            conclude(sizes, whole);
            return whole;
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private long stretch(WorkerLoad load, Statement statement, int passed) throws SQLException {
        load.measure();
        long before = load.stored();
        long began = System.nanoTime();
        Pause.millis(every * 1000L);
        double storedPerSecond = (load.stored() - before) * 1e9 / (System.nanoTime() - began);
        try (ResultSet row = statement.executeQuery(TABLE)) {
            row.next();
            System.out.printf(
                    Locale.ROOT,
                    "%8d%,12.0f%12.1f%12.1f%12.1f%,12d%,10d%10d%n",
                    passed,
                    storedPerSecond,
                    load.latencies().getValueAtPercentile(99) / 1e6,
                    row.getLong(1) / 1048576.0,
                    row.getLong(2) / 1048576.0,
                    row.getLong(3),
                    row.getLong(4),
                    row.getLong(5));
            return row.getLong(1);
        }
    }

    /** The first third is warm-up. */
    private static void conclude(List<Long> sizes, boolean whole) {
        int third = sizes.size() / 3;
        if (third > 0) {
            double middle = most(sizes.subList(third, sizes.size() - third));
            double last = most(sizes.subList(sizes.size() - third, sizes.size()));
            System.out.printf(
                    Locale.ROOT,
                    "most of the middle third %.1f MB, of the last %.1f MB: %s%n",
                    middle / 1048576,
                    last / 1048576,
                    last <= middle * FLAT ? "flat" : "GROWS");
        }
        System.out.println(
                whole ? "every event was stored once and in order" : "FAILS: events were lost or out of order");
    }

    private static long most(List<Long> sizes) {
        return sizes.stream().mapToLong(Long::longValue).max().orElseThrow();
    }
}
