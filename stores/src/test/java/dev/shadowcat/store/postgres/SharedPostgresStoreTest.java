package dev.shadowcat.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.testkit.SharedStoreContract;
import dev.shadowcat.testkit.SharedStoreHome;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

class SharedPostgresStoreTest extends SharedStoreContract {
    private final PostgresHome home = new PostgresHome();

    @Override
    protected SharedStoreHome newSharedHome() {
        return home;
    }

    @Override
    protected void requireNoEvents() throws SQLException {
        try (Connection connection = PostgresHome.connect(home.url());
                Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT count(*) FROM events")) {
            row.next();
            assertThat(row.getLong(1)).isZero();
        }
    }
}
