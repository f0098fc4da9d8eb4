package dev.shadowcat.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.store.AppendOutcome;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FailuresTest {
    private static final PostgresUrl URL = PostgresUrl.parse("postgresql://ann:secret@db/x");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "08000", "08001", "08003", "08006", "57P01", "57P02", "57P03", "57014", "53100", "53200", "53300",
                "40001", "40P01", "55P03", "23505", "25P03", "42P01", "42501", "28P01", "58030", "XX000", "99999", ""
            })
    void whatMayPassMakesItBusy(String state) {
        assertThat(Failures.outcome(URL, new SQLException("ERROR: it\n  Detail: more", state), false))
                .isInstanceOfSatisfying(
                        AppendOutcome.Busy.class,
                        busy -> assertThat(busy.reason())
                                .contains("ERROR: it")
                                .contains("postgresql://ann@db:5432/x")
                                .doesNotContain("secret", "Detail", "\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"22021", "22P05", "22001", "54000"})
    void whatTheServerWillNeverTakeIsRefused(String state) {
        assertThat(Failures.outcome(URL, new SQLException("ERROR: it\n  Detail: more", state), false))
                .isEqualTo(new AppendOutcome.Refused("ERROR: it"));
    }

    @Test
    void aRuleThatIsViolatedTwiceInARowIsTheBatchsFault() {
        SQLException violation = new SQLException("ERROR: it\n  Detail: more", "23514");
        assertThat(Failures.outcome(URL, violation, false)).isInstanceOf(AppendOutcome.Busy.class);
        assertThat(Failures.outcome(URL, violation, true)).isEqualTo(new AppendOutcome.Refused("ERROR: it"));
        assertThat(Failures.outcome(URL, new SQLException("gone", "08006"), true))
                .isInstanceOf(AppendOutcome.Busy.class);
    }

    @Test
    void whatLastsIsNotTriedAgainAtOnce() {
        assertThat(Failures.outcome(URL, new SQLException("full", "53100"), false))
                .isInstanceOfSatisfying(
                        AppendOutcome.Busy.class,
                        busy -> assertThat(busy.retryAfter()).isEqualTo(Duration.ofSeconds(1)));
    }

    @Test
    void aReplicaIsTold() {
        assertThat(Failures.outcome(URL, new SQLException("ERROR: cannot", "25006"), false))
                .isEqualTo(new AppendOutcome.Busy(
                        Duration.ofSeconds(1), "the database postgresql://ann@db:5432/x is read-only (a replica?)"));
    }

    @Test
    void ofAPoolsFailureTheDriversReasonIsTold() {
        SQLException pool = new SQLTransientConnectionException(
                "no connection", "08001", new SQLException("Connection to db refused", "08001"));
        assertThat(Failures.exception(URL, pool))
                .hasMessage("the database postgresql://ann@db:5432/x cannot be reached: Connection to db refused");
    }

    @Test
    void aHostThatIsNotKnownIsNamed() {
        SQLException unknown =
                new SQLException("The connection attempt failed.", "08001", new UnknownHostException("nowhere"));
        assertThat(Failures.exception(URL, unknown))
                .hasMessage("the database postgresql://ann@db:5432/x cannot be reached: the host nowhere is not known");
    }

    @Test
    void onlyAMissingPasswordIsARefusedLogin() {
        assertThat(Failures.exception(URL, new SQLException("no password was provided.", "08004")))
                .hasMessageEndingWith(
                        "refuses the login: no password was provided; the password is taken from the URL or PGPASSWORD");
        assertThat(Failures.exception(URL, new SQLException("The server does not support SSL.", "08004")))
                .hasMessageEndingWith("cannot be reached: The server does not support SSL");
    }

    @Test
    void aPoolerThatRefusesWhatConnectionsAreSetToIsNamed() {
        assertThat(Failures.exception(
                        URL, new SQLException("FATAL: unsupported startup parameter: search_path", "08P01")))
                .hasMessageEndingWith("search_path; that is PgBouncer: connect to the server itself");
    }

    @Test
    void whatToDoIsSaidOfRightsAndOfTables() {
        assertThat(Failures.exception(URL, new SQLException("ERROR: permission denied for database x", "42501")))
                .hasMessageContaining("permission denied for database x; ")
                .hasMessageContaining("needs CONNECT");
        assertThat(Failures.exception(URL, new SQLException("ERROR: column \"a\" does not exist", "42703")))
                .hasMessageContaining("column \"a\" does not exist; ")
                .hasMessageContaining("start with the version that made them");
    }
}
