package dev.shadowcat.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class PatientDatabaseTest {
    private final List<Duration> pauses = new ArrayList<>();

    /** For the first times that it is asked, there is nobody at its port. */
    private static final class Returning extends PGSimpleDataSource {
        private static final long serialVersionUID = 1;

        private int failures;

        Returning(int failures) {
            this.failures = failures;
            PostgresUrl url = new PostgresHome().url();
            setUser(url.user());
            setPassword(url.password());
            setDatabaseName(url.database());
            setPortNumbers(new int[] {url.hosts().getFirst().port()});
        }

        @Override
        public Connection getConnection() throws SQLException {
            if (failures-- > 0) {
                throw new SQLException("refused", "08001");
            }
            return super.getConnection();
        }
    }

    @Test
    void howeverLongTheServerIsAwayTheNextTryIsNear() throws SQLException {
        PatientDatabase database = new PatientDatabase(new Returning(100), pauses::add);
        try (Connection connection = database.getConnection()) {
            assertThat(connection.isValid(5)).isTrue();
        }
        assertThat(pauses).hasSize(100).containsOnly(Duration.ofMillis(500));
        assertThat((Throwable) database.failure()).isNull();
    }

    @Test
    void onceItIsClosedNobodyWaitsAnyMore() {
        PatientDatabase database = new PatientDatabase(new Returning(Integer.MAX_VALUE), pauses::add);
        database.close();
        assertThatThrownBy(database::getConnection).isInstanceOf(SQLException.class);
        assertThat((Throwable) database.failure()).hasMessage("refused");
        assertThat(pauses).isEmpty();
    }
}
