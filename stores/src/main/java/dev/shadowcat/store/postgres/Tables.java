package dev.shadowcat.store.postgres;

import dev.shadowcat.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What tables have to have so that this version can use them, as the server's catalog shows it: their number alone does not tell, of
 * a build between two versions, of a restore that was cut off, or of what was changed by hand. What a newer version adds does no harm,
 * unless it has to be filled.
 */
final class Tables {
    /** What the version of the tables is kept in. */
    static final String HISTORY = "shadowcat_schema";

    static final Set<String> NEEDED = new LinkedHashSet<>("""
            shadowcat_schema.version character varying(50)
            identity.single boolean
            identity.single DEFAULT
            identity.credential_key bytea
            identity PRIMARY KEY (single)
            nodes.incarnation text
            nodes.address text
            nodes.expires_at timestamp with time zone
            nodes.fence uuid
            nodes.fence DEFAULT
            nodes.resumed boolean
            nodes.resumed DEFAULT
            nodes PRIMARY KEY (incarnation)
            sessions.id uuid
            sessions.holder text
            sessions.last_active bigint
            sessions.standalone_cursor bigint
            sessions PRIMARY KEY (id)
            session_records.id uuid
            session_records.record bytea
            session_records.state bytea
            session_records PRIMARY KEY (id)
            streams.session uuid
            streams.number integer
            streams.key bigint
            streams.open boolean
            streams.last_sequence bigint
            streams.trimmed_through bigint
            streams.bytes bigint
            streams.answer_bytes bigint
            streams.event_cursor_at bigint
            streams.event_cursor bytea
            streams.moved_after bigint
            streams.moved_cursor bytea
            streams.record bytea
            streams PRIMARY KEY (session, number)
            streams UNIQUE (key)
            events.stream bigint
            events.sequence bigint
            events.stored_at bigint
            events.generation integer
            events.bytes integer
            events.answer boolean
            events.upstream_id bytea
            events.message bytea
            events PRIMARY KEY (stream, sequence)
            stream_keys INCREMENT BY 64""".lines().toList());

    /** What they and the sequence are called. */
    private static final String[] NAMES =
            NEEDED.stream().map(each -> each.split("[. ]", 2)[0]).distinct().toArray(String[]::new);

    /** Column 2 says whether an insert has to name it. */
    private static final String CATALOG = """
            WITH relation AS (
              SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = ? AND c.relname = ANY (?)),
            attribute AS (
              SELECT r.relname || '.' || a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
                a.atthasdef, a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required
              FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid JOIN pg_class c ON c.oid = r.oid
              WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped)
            SELECT name || ' ' || type, required FROM attribute
            UNION ALL SELECT name || ' DEFAULT', false FROM attribute WHERE atthasdef
            UNION ALL SELECT r.relname || ' ' || pg_get_constraintdef(k.oid), false
              FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid WHERE k.contype IN ('p', 'u')
            UNION ALL SELECT r.relname || ' INCREMENT BY ' || s.seqincrement, false
              FROM relation r JOIN pg_sequence s ON s.seqrelid = r.oid""";

    private static final int SHOWN = 3;

    private final Set<String> found = new LinkedHashSet<>();
    private final Set<String> required = new LinkedHashSet<>();

    private Tables() {}

    /** Those of a schema that are called like ours. */
    static Tables in(Connection connection, String schema) throws SQLException {
        Tables tables = new Tables();
        try (PreparedStatement query = connection.prepareStatement(CATALOG)) {
            query.setString(1, schema);
            query.setArray(2, connection.createArrayOf("text", NAMES));
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    tables.found.add(row.getString(1));
                    if (row.getBoolean(2)) {
                        tables.required.add(row.getString(1));
                    }
                }
            }
        }
        return tables;
    }

    /** As {@link #NEEDED} says it. */
    Set<String> found() {
        return found;
    }

    /** Whether nothing is in the way of ours; the history alone is what a start leaves that was cut off. */
    boolean canBeMade() {
        return found.stream().allMatch(each -> each.startsWith(HISTORY));
    }

    /** @throws StoreException if this version cannot use them; says what differs */
    void requireKnown(PostgresUrl url, String schema) {
        List<String> differences = new ArrayList<>();
        NEEDED.stream().filter(each -> !found.contains(each)).forEach(each -> differences.add("it lacks " + each));
        required.stream()
                .filter(each -> !each.startsWith(HISTORY) && !isKnown(each))
                .forEach(each -> differences.add("this version does not fill " + each));
        if (!differences.isEmpty()) {
            int more = differences.size() - SHOWN;
            throw new StoreException(
                    "the database " + url + " has other tables in its schema " + schema + " than this version made: "
                            + String.join(", ", differences.subList(0, Math.min(SHOWN, differences.size())))
                            + (more > 0 ? ", and " + more + " more" : "")
                            + "; start with the version that made them, or name another database or ?schema=",
                    null);
        }
    }

    /** Whether this version has the column, of whatever type. */
    private static boolean isKnown(String column) {
        String name = column.substring(0, column.indexOf(' ') + 1);
        return NEEDED.stream().anyMatch(each -> each.startsWith(name));
    }
}
