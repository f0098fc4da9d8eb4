package dev.shadowcat.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.testkit.PostgresServer;
import dev.shadowcat.testkit.Writes;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

/** What is said at the start on a database that a gateway cannot use, and is changed there. */
class StartTest {
    private static final NodeIdentity NODE = new NodeIdentity("the node", "10.0.0.1:8080");
    private static final SessionId ID = new SessionId(1, 1);
    private static final AtomicInteger roles = new AtomicInteger();
    private static final String PASSWORD = "word";

    private final String url = PostgresServer.shared().newUrl();
    private final PostgresUrl owner = PostgresUrl.parse(url);
    private final String schema = url.substring(url.indexOf("schema=") + "schema=".length());
    private final String role = "limited_" + roles.incrementAndGet();
    private final PostgresUrl limited =
            PostgresUrl.parse(url.replaceFirst("//.*@", "//" + role + ":" + PASSWORD + "@"));

    @BeforeEach
    void createRole() {
        execute("CREATE ROLE %s LOGIN PASSWORD '%s'".formatted(role, PASSWORD));
    }

    @AfterEach
    void dropRole() {
        execute("DROP SCHEMA IF EXISTS %s CASCADE; DROP OWNED BY %s; DROP ROLE %s".formatted(schema, role, role));
    }

    @Test
    void theTablesThatAreNeededAreThoseThatAreMade() throws SQLException {
        open(owner);
        try (Connection connection = PostgresHome.connect(owner)) {
            assertThat(Tables.in(connection, schema).found())
                    .containsAll(Tables.NEEDED)
                    .filteredOn(each -> !each.startsWith(Tables.HISTORY))
                    .allMatch(Tables.NEEDED::contains);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ALTER TABLE %1$s.nodes DROP COLUMN fence | it lacks nodes.fence uuid, it lacks nodes.fence DEFAULT;",
                "ALTER TABLE %1$s.streams ALTER COLUMN key TYPE integer | it lacks streams.key bigint;",
                "ALTER TABLE %1$s.streams DROP CONSTRAINT streams_key_key | it lacks streams UNIQUE (key);",
                "ALTER TABLE %1$s.sessions ADD COLUMN owner text NOT NULL | this version does not fill sessions.owner text;",
                "ALTER SEQUENCE %1$s.stream_keys INCREMENT BY 1 | it lacks stream_keys INCREMENT BY 64;",
                "DROP TABLE %1$s.events | it lacks events.stored_at bigint, and 6 more;",
            })
    void otherTablesAreToldOfWithWhatDiffers(String change, String told) {
        open(owner);
        execute(change.formatted(schema));
        refused(owner)
                .hasMessageContainingAll(
                        "the database " + owner + " has other tables in its schema " + schema, told, "or ?schema=")
                .hasMessageNotContaining("\n");
        assertThatThrownBy(() -> PostgresStores.exists(owner, PostgresSettings.DEFAULTS))
                .hasMessageContaining(told);
        assertThatThrownBy(() -> PostgresStores.openReadOnly(owner, PostgresSettings.DEFAULTS))
                .hasMessageContaining(told);
    }

    @Test
    void tablesWithoutTheirVersionAreOthers() {
        execute("CREATE SCHEMA %1$s; CREATE TABLE %1$s.identity (single boolean)".formatted(schema));
        refused(owner).hasMessageContaining("it lacks shadowcat_schema.version");
        refused(owner).hasMessageContaining("it lacks shadowcat_schema.version");
    }

    @Test
    void whatANewerVersionAddedDoesNoHarm() {
        open(owner);
        execute("""
                ALTER TABLE %1$s.sessions ADD COLUMN added text, ADD COLUMN filled bigint NOT NULL DEFAULT 0;
                CREATE TABLE %1$s.additions (id uuid);
                INSERT INTO %1$s.shadowcat_schema (installed_rank, version, description, type, script, installed_by, execution_time, success)
                VALUES (2, '1.1', 'more', 'SQL', 'V1.1', 'somebody', 1, true)""".formatted(schema));
        open(owner);
        execute("UPDATE %1$s.shadowcat_schema SET version = '2' WHERE version = '1.1'".formatted(schema));
        refused(owner).hasMessageStartingWith("the store has format 2");
    }

    @Test
    void whoMayMakeNoSchemaIsToldAtOnce() {
        String needed = "allows it by: GRANT CREATE ON DATABASE postgres TO " + role;
        refused(limited).hasMessageEndingWith(needed);
        assertThatThrownBy(() -> PostgresStores.exists(limited, PostgresSettings.DEFAULTS))
                .hasMessageEndingWith(needed);
        assertThat(PostgresStores.exists(owner, PostgresSettings.DEFAULTS)).isFalse();
        execute("CREATE SCHEMA " + schema);
        refused(limited)
                .hasMessageStartingWith("the database " + limited + " does not allow its user")
                .hasMessageEndingWith("allows it by: GRANT USAGE, CREATE ON SCHEMA %s TO %s".formatted(schema, role));
        execute("GRANT USAGE, CREATE ON SCHEMA %s TO %s".formatted(schema, role));
        open(limited);
    }

    @Test
    void whatIsMissingOnTheTablesIsToldAndWhatIsToldIsEnough() {
        open(owner);
        String told = String.valueOf(refused(limited).actual().getMessage());
        assertThat(told)
                .contains("GRANT USAGE ON SCHEMA %s TO %s; ".formatted(schema, role))
                .contains("GRANT SELECT, INSERT, DELETE ON %s.events TO %s; ".formatted(schema, role))
                .endsWith("GRANT USAGE ON SEQUENCE %s.stream_keys TO %s".formatted(schema, role));
        execute(told.substring(told.indexOf("GRANT")));
        open(limited);
        execute("REVOKE DELETE, INSERT ON %s.events FROM %s".formatted(schema, role));
        refused(limited).hasMessageEndingWith("by: GRANT INSERT, DELETE ON %s.events TO %s".formatted(schema, role));
        assertThatThrownBy(() -> PostgresStores.exists(limited, PostgresSettings.DEFAULTS))
                .hasMessageContaining("GRANT INSERT, DELETE ON");
        PostgresStores.openReadOnly(limited, PostgresSettings.DEFAULTS).close();
    }

    @Test
    void aPoolerThatLosesWhatAConnectionIsSetToIsRefused() throws Exception {
        open(owner);
        try (PoolingProxy pooler = new PoolingProxy(PostgresServer.shared().port(), true)) {
            refused(pooler.url(owner)).hasMessageContaining("connect to the server itself");
        }
        try (PoolingProxy pooler = new PoolingProxy(PostgresServer.shared().port(), true)) {
            assertThatThrownBy(() -> PostgresStores.exists(pooler.url(owner), PostgresSettings.DEFAULTS))
                    .hasMessageContaining("connect to the server itself");
        }
        try (PoolingProxy pooler = new PoolingProxy(PostgresServer.shared().port(), false)) {
            open(pooler.url(owner));
            PGSimpleDataSource database = PostgresStores.database(pooler.url(owner), PostgresSettings.DEFAULTS);
            try (Connection connection = database.getConnection()) {
                assertThatThrownBy(() -> Pooler.refuse(owner, connection, database, "another"))
                        .as("as where it ignores the schema")
                        .hasMessageContaining("connect to the server itself");
            }
        }
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused(PostgresUrl url) {
        return assertThatThrownBy(() -> open(url)).isInstanceOf(StoreException.class);
    }

    /** All that a gateway does. */
    private static void open(PostgresUrl url) {
        try (SharedStore store = PostgresStores.open(url, PostgresSettings.DEFAULTS, NODE)) {
            store.renew();
            assertThat(store.append(List.of(Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1))))
                    .isEqualTo(AppendOutcome.Stored.ALL);
            assertThat(store.expire(ID, Long.MAX_VALUE)).isTrue();
            store.leave();
        }
    }

    private void execute(String sql) {
        PostgresHome.execute(owner, sql);
    }
}
