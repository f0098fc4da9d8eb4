package dev.shadowcat.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.shadowcat.store.postgres.PostgresUrl.Host;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PostgresUrlTest {
    private static final String ESCAPE = "; in a password / is written %2F, ? %3F and @ %40";

    @Test
    void allPartsAreRead() {
        PostgresUrl url = PostgresUrl.parse("postgresql://ann:p%40ss%2Fw%3Ard+1@db.example.com:6432/cats%20dogs"
                + "?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&target_session_attrs=read-write&schema=mine");
        assertThat(url)
                .isEqualTo(new PostgresUrl(
                        "ann",
                        "p@ss/w:rd+1",
                        List.of(new Host("db.example.com", 6432)),
                        "cats dogs",
                        Map.of(
                                "sslmode", "verify-full",
                                "sslrootcert", "/etc/ca.pem",
                                "targetServerType", "primary",
                                "currentSchema", "mine")));
    }

    @Test
    void whatIsLeftOutHasItsDefault() {
        assertThat(PostgresUrl.parse("postgres://localhost"))
                .isEqualTo(new PostgresUrl(null, null, List.of(new Host("localhost", 5432)), null, Map.of()));
        assertThat(PostgresUrl.parse("postgresql://ann@[::1]/"))
                .isEqualTo(new PostgresUrl("ann", null, List.of(new Host("::1", 5432)), null, Map.of()));
        assertThat(PostgresUrl.parse("postgresql://a:1,[::1]:2,c/x").hosts())
                .containsExactly(new Host("a", 1), new Host("::1", 2), new Host("c", 5432));
    }

    @Test
    void thePasswordOfTheEnvironmentIsTakenWhereTheUrlHasNone() {
        Map<String, String> environment = Map.of("PGPASSWORD", "theirs");
        assertThat(PostgresUrl.parse("postgresql://ann@db/x")
                        .withPasswordOf(environment)
                        .password())
                .isEqualTo("theirs");
        assertThat(PostgresUrl.parse("postgresql://ann:mine@db/x")
                        .withPasswordOf(environment)
                        .password())
                .isEqualTo("mine");
        assertThat(PostgresUrl.parse("postgresql://ann@db/x")
                        .withPasswordOf(Map.of())
                        .password())
                .isNull();
    }

    @Test
    void itIsShownWithoutItsPassword() {
        assertThat(PostgresUrl.parse("postgresql://ann:secret@[::1]:1,b/x?sslpassword=secret"))
                .hasToString("postgresql://ann@[::1]:1,b:5432/x");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "postgresql:db/x | is not like postgresql://user@host:port/database?sslmode=verify-full",
                "mysql://db/x | is not like postgresql://user@host:port/database?sslmode=verify-full",
                "postgresql:///x | names no host: it is to be like postgresql://user@host:port/database?sslmode=verify-full",
                "postgresql://a:secret@db:port/x | has a port that is no number" + ESCAPE,
                "postgresql://a:secret@db:0/x | has a port that is not from 1 to 65535" + ESCAPE,
                "postgresql://a:secret@db:65536/x | has a port that is not from 1 to 65535" + ESCAPE,
                "postgresql://a:se/cret@db/x | has an @ after its first /" + ESCAPE,
                "postgresql://a:12/cret@db/x | has an @ after its first /" + ESCAPE,
                "postgresql://a:se/cret | has a port that is no number" + ESCAPE,
                "postgresql://a:99999/cret | has a port that is not from 1 to 65535" + ESCAPE,
                "postgresql://a:secret%@db/x | has a % that is not followed by two hexadecimal digits",
                "postgresql://a:secret@db/x?sslmode | has a parameter without a value",
                "postgresql://a:secret@db/x?target_session_attrs=standby"
                        + " | has a target_session_attrs that is not one of any, primary, read-write: standby",
            })
    void whatIsWrongIsSaidInOneLineWithoutThePassword(String text, String problem) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PostgresUrl.parse(text))
                .withMessage(problem);
    }

    @Test
    void anUnknownParameterIsRefusedSinceItMayBeAMisspeltSecurityOption() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PostgresUrl.parse("postgresql://db/x?ssl_mode=verify-full"))
                .withMessageStartingWith("has a parameter that is not known; known are application_name, ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PostgresUrl.parse("postgresql://ann:12?secret=34@db/x"))
                .withMessageNotContaining("secret");
    }
}
