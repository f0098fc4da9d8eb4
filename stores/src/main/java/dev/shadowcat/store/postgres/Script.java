package dev.shadowcat.store.postgres;

import java.lang.reflect.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import org.postgresql.PGConnection;

/** Statements that go to the server together and cost one round trip; each sees what those before it changed. */
final class Script {
    private final StringJoiner statements = new StringJoiner(";\n");
    private final List<Object> parameters = new ArrayList<>();

    /** An array of the server's: elements are of the Java type that the driver has for its type. */
    @SuppressWarnings("ArrayRecordComponent") // bound once and never compared
    record Many(String type, Object elements) {
        boolean isEmpty() {
            return Array.getLength(elements) == 0;
        }
    }

    Script add(String statement, Object... values) {
        statements.add(statement);
        parameters.addAll(List.of(values));
        return this;
    }

    boolean isEmpty() {
        return statements.length() == 0;
    }

    /** Runs them; the first one's result comes first. */
    PreparedStatement run(Connection connection) throws SQLException {
        PreparedStatement prepared = connection.prepareStatement(statements.toString());
        try {
            for (int i = 0; i < parameters.size(); i++) {
                bind(connection, prepared, i + 1, parameters.get(i));
            }
            prepared.execute();
            return prepared;
        } catch (SQLException | RuntimeException failed) {
            prepared.close();
            throw failed;
        }
    }

    private static void bind(Connection connection, PreparedStatement prepared, int index, Object value)
            throws SQLException {
        switch (value) {
            case Many many ->
                prepared.setArray(
                        index, connection.unwrap(PGConnection.class).createArrayOf(many.type(), many.elements()));
            default -> prepared.setObject(index, value);
        }
    }
}
