package dev.shadowcat.store.postgres;

import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.StoreException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What PostgreSQL's errors mean to those who use the store; by SQLSTATE (PostgreSQL manual, appendix A). */
final class Failures {
    private static final Duration LATER = Duration.ofSeconds(1);

    private static final String DATA_EXCEPTION = "22";
    private static final String VIOLATION = "23";
    private static final String LIMIT_EXCEEDED = "54";
    private static final String CONNECTION = "08";
    private static final String NO_RESOURCES = "53";
    private static final String BAD_LOGIN = "28";
    private static final String REJECTED = "08004";
    private static final String NO_DATABASE = "3D000";
    private static final String READ_ONLY = "25006";
    private static final String NOT_ALLOWED = "42501";
    /** A table, a column or a function that is not there. */
    private static final Set<String> OTHER_TABLES = Set.of("42P01", "42703", "42883");

    /** Said by PgBouncer of what connections of ours are set to; a server would say that it does not know a parameter. */
    private static final String POOLERS_REFUSAL = "unsupported startup parameter";

    private Failures() {}

    /**
     * Only what the batch itself is to blame for is refused. Whether a batch was stored whose commit got no answer is not known;
     * it may be sent again whole.
     *
     * @param violatedBefore whether the append before violated a rule of the tables too. What a commit without an answer brings
     *     while the batch is sent again may stand against its rows; the next time it is read before. What is violated still is the
     *     batch's own fault.
     */
    static AppendOutcome outcome(PostgresUrl url, SQLException failure, boolean violatedBefore) {
        String state = state(failure);
        if (state.startsWith(DATA_EXCEPTION)
                || state.startsWith(LIMIT_EXCEEDED)
                || (violatedBefore && isViolation(failure))) {
            return new AppendOutcome.Refused(reason(failure));
        }
        boolean lasts = state.startsWith(NO_RESOURCES) || state.equals(READ_ONLY);
        return new AppendOutcome.Busy(lasts ? LATER : Duration.ZERO, message(url, failure));
    }

    static boolean isViolation(SQLException failure) {
        return state(failure).startsWith(VIOLATION);
    }

    static StoreException exception(PostgresUrl url, SQLException failure) {
        return new StoreException(message(url, failure), failure);
    }

    private static String message(PostgresUrl url, SQLException failure) {
        String state = state(failure);
        String reason = reason(failure);
        if (state.startsWith(BAD_LOGIN) || (state.equals(REJECTED) && reason.contains("password"))) {
            return "the database " + url + " refuses the login: " + reason
                    + "; the password is taken from the URL or PGPASSWORD";
        }
        if (state.equals(NO_DATABASE)) {
            return "the database " + url + " is not there: " + reason;
        }
        if (state.equals(READ_ONLY)) {
            return "the database " + url + " is read-only (a replica?)";
        }
        if (state.equals(NOT_ALLOWED)) {
            return "the database " + url + " does not allow it: " + reason
                    + "; its user needs CONNECT on the database, and the rights that docs/operating.md lists";
        }
        if (state.startsWith(CONNECTION)) {
            boolean pooler = reason.contains(POOLERS_REFUSAL);
            return "the database " + url + " cannot be reached: " + reason
                    + (pooler ? "; that is PgBouncer: connect to the server itself" : "");
        }
        if (OTHER_TABLES.contains(state)) {
            return "the database " + url + " has other tables than this version made: " + reason
                    + "; start with the version that made them, or name another database or ?schema=";
        }
        return "the database " + url + " fails: " + reason;
    }

    /** The pool wraps what the driver said last, and has a state of its own only where it has no other. */
    private static String state(SQLException failure) {
        String state = root(failure).getSQLState();
        return state == null ? "" : state;
    }

    private static SQLException root(SQLException failure) {
        SQLException root = failure;
        while (root.getCause() instanceof SQLException cause) {
            root = cause;
        }
        return root;
    }

    /** The first line: what follows it are details for those who wrote the statement. What the network said the driver keeps for itself. */
    private static String reason(SQLException failure) {
        SQLException root = root(failure);
        if (root.getCause() instanceof UnknownHostException unknown) {
            return "the host " + unknown.getMessage() + " is not known";
        }
        @Nullable String message = root.getMessage();
        if (message == null) {
            return root.toString();
        }
        String line = message.lines().findFirst().orElse("").strip();
        return line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
    }
}
