package dev.shadowcat.store.postgres;

import dev.shadowcat.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What the user of a database must be allowed there, and what gives it to it. A right that is missing does not come by waiting. */
final class Rights {
    /** On what is there: before the first start nothing is, and afterwards all of it. */
    private static final String MISSING_TO_USE = """
            WITH place AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = ?),
            needed(relation, rights) AS (VALUES
              ('shadowcat_schema', 'SELECT'), ('identity', 'SELECT, INSERT'), ('events', 'SELECT, INSERT, DELETE'),
              ('nodes', 'SELECT, INSERT, UPDATE, DELETE'), ('sessions', 'SELECT, INSERT, UPDATE, DELETE'),
              ('session_records', 'SELECT, INSERT, UPDATE, DELETE'), ('streams', 'SELECT, INSERT, UPDATE, DELETE')),
            missing AS (
              SELECT 1 AS rank, format('SCHEMA %I', nspname) AS place, CASE WHEN EXISTS (
                  SELECT FROM pg_class c JOIN needed n ON n.relation = c.relname WHERE c.relnamespace = p.oid)
                THEN 'USAGE' ELSE 'USAGE, CREATE' END AS rights
              FROM place p WHERE NOT has_schema_privilege(oid, 'USAGE')
              UNION ALL
              SELECT 2, format('%I.%I', p.nspname, c.relname), string_agg(each, ', ')
              FROM place p JOIN pg_class c ON c.relnamespace = p.oid AND c.relkind IN ('r', 'p')
              JOIN needed n ON n.relation = c.relname
              CROSS JOIN regexp_split_to_table(n.rights, ', ') AS each
              WHERE NOT has_table_privilege(c.oid, each)
              GROUP BY p.nspname, c.relname
              UNION ALL
              SELECT 3, format('SEQUENCE %I.%I', p.nspname, c.relname), 'USAGE'
              FROM place p JOIN pg_class c ON c.relnamespace = p.oid
              WHERE c.relkind = 'S' AND c.relname = 'stream_keys' AND NOT has_sequence_privilege(c.oid, 'USAGE, UPDATE'))
            SELECT format('GRANT %s ON %s TO %I', rights, place, current_user) FROM missing ORDER BY rank, place""";

    private static final String MISSING_TO_MAKE = """
            SELECT format('GRANT %s TO %I', coalesce((
                SELECT format('USAGE, CREATE ON SCHEMA %I', nspname) FROM pg_namespace WHERE nspname = ?),
              format('CREATE ON DATABASE %I', current_database())), current_user)
            WHERE NOT coalesce((
                SELECT has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE')
                FROM pg_namespace WHERE nspname = ?),
              has_database_privilege(current_database(), 'CREATE'))""";

    private Rights() {}

    /**
     * To read and write such tables as are there.
     *
     * @throws StoreException if one is missing
     */
    static void requireUse(PostgresUrl url, Connection connection, String schema) throws SQLException {
        require(url, missing(connection, MISSING_TO_USE, schema));
    }

    /**
     * To make the tables.
     *
     * @throws StoreException if one is missing
     */
    static void requireMake(PostgresUrl url, Connection connection, String schema) throws SQLException {
        require(url, missing(connection, MISSING_TO_MAKE, schema, schema));
    }

    private static List<String> missing(Connection connection, String query, String... schema) throws SQLException {
        List<String> missing = new ArrayList<>();
        try (PreparedStatement asked = connection.prepareStatement(query)) {
            for (int i = 0; i < schema.length; i++) {
                asked.setString(i + 1, schema[i]);
            }
            try (ResultSet row = asked.executeQuery()) {
                while (row.next()) {
                    missing.add(row.getString(1));
                }
            }
        }
        return missing;
    }

    private static void require(PostgresUrl url, List<String> missing) {
        if (!missing.isEmpty()) {
            throw new StoreException(
                    "the database " + url + " does not allow its user what a gateway does; its owner allows it by: "
                            + String.join("; ", missing),
                    null);
        }
    }
}
