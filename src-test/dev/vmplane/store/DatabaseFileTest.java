package dev.vmplane.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseFileTest {
    @TempDir
    Path stateDir;

    @Test
    void aDatabaseKeepsTheIdItWasBornWith() throws IOException {
        String born;
        try (var database = DatabaseFile.open(stateDir, "qemu")) {
            born = database.id();
        }

        try (var again = DatabaseFile.open(stateDir, "qemu")) {
            assertThat(again.id()).isEqualTo(born).hasSize(8);
        }
    }

    @Test
    void aSecondControlPlaneOnTheSameStateIsRefused() throws IOException {
        try (var first = DatabaseFile.open(stateDir, "qemu")) {
            assertThatThrownBy(() -> DatabaseFile.open(stateDir, "qemu"))
                    .isInstanceOf(StoreRefusedException.class)
                    .hasMessageContaining("another control plane uses")
                    .hasMessageContaining("state_dir");
        }
    }

    @Test
    void whatAKilledControlPlaneUnpackedIsClearedAway() throws IOException {
        var left = stateDir.resolve("tmp").resolve("sqlite-libsqlitejdbc.so");
        Files.createDirectories(left.getParent());
        Files.writeString(left, "a megabyte of library");

        DatabaseFile.open(stateDir, "qemu").close();

        assertThat(left).doesNotExist();
    }

    @Test
    void aFileThatIsNoDatabaseIsRefusedAndLeftAsItIs() throws IOException {
        var file = stateDir.resolve("vmplane.db");
        Files.writeString(file, "dear diary, ".repeat(1000));

        assertThatThrownBy(() -> DatabaseFile.open(stateDir, "qemu"))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessageContaining("No VM was touched");

        assertThat(Files.readString(file)).startsWith("dear diary");
    }

    @Test
    void aDamagedDatabaseIsRefused() throws Exception {
        DatabaseFile.open(stateDir, "qemu").close();
        var file = stateDir.resolve("vmplane.db");
        fill(file);
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[16 * 1024]), channel.size() / 2);
        }

        assertThatThrownBy(() -> DatabaseFile.open(stateDir, "qemu"))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessageContaining("No VM was touched");
    }

    @Test
    void aDatabaseOfANewerProgramIsRefused() throws Exception {
        DatabaseFile.open(stateDir, "qemu").close();
        sql(stateDir.resolve("vmplane.db"), "update schema_version set version = 99");

        assertThatThrownBy(() -> DatabaseFile.open(stateDir, "qemu"))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessageContaining("schema version 99");
    }

    @Test
    void aDatabaseOfAnotherProgramIsRefused() throws Exception {
        sql(stateDir.resolve("vmplane.db"), "create table recipes (name text)");

        assertThatThrownBy(() -> DatabaseFile.open(stateDir, "qemu"))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessageContaining("belongs to another program");
    }

    @Test
    void aRefusedDatabaseLeavesTheStateToTheNextWhoTries() throws Exception {
        var file = stateDir.resolve("vmplane.db");
        Files.writeString(file, "not a database, but long enough to look at".repeat(50));
        assertThatThrownBy(() -> DatabaseFile.open(stateDir, "qemu")).isInstanceOf(StoreRefusedException.class);
        Files.delete(file);

        try (var database = DatabaseFile.open(stateDir, "qemu")) {
            assertThat(database.path()).exists();
        }
    }

    @Test
    void aBackendThatCannotSeeTheVmsOfTheDatabaseIsRefused() throws Exception {
        DatabaseFile.open(stateDir, "qemu").close();
        sql(
                stateDir.resolve("vmplane.db"),
                "insert into microvm (vm_id, node, spec_hash, boot, phase, since, healthy, address, created_at, released)"
                        + " values ('vm-a', 'here', 'h', '{}', 'WARM', 0, 0, '127.64.0.1', 0, 0)");

        assertThatThrownBy(() -> DatabaseFile.open(stateDir, "simulator"))
                .isInstanceOf(StoreRefusedException.class)
                .hasMessageContaining("1 VMs of qemu")
                .hasMessageContaining("FC_BACKEND=qemu");
    }

    @Test
    void aDatabaseOfTheFirstVersionIsMigratedWithItsRows() throws Exception {
        var file = stateDir.resolve("vmplane.db");
        sql(file, "pragma application_id = " + 0x766d706c);
        sql(file, "create table schema_version (version integer not null, store_id text not null, backend text)");
        sql(file, "insert into schema_version values (1, 'abcdef01', 'qemu')");
        for (var statement : Schema.step(0)) {
            sql(file, statement);
        }
        sql(
                file,
                "insert into microvm (vm_id, node, spec_hash, boot, phase, since, healthy, address, created_at, released)"
                        + " values ('vm-a', 'here', 'h', '{}', 'WARM', 0, 0, '127.64.0.1', 0, 0)");

        sql(
                file,
                "insert into job (job_id, tenant, generation, source, spec_hash, spec, created_at, updated_at)"
                        + " values ('web', 'web', 1, 'API', 'h', '{}', 0, 0)");

        try (var database = DatabaseFile.open(stateDir, "qemu")) {
            assertThat(database.id()).isEqualTo("abcdef01");
        }

        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                var statement = connection.createStatement();
                var rows = statement.executeQuery(
                        "select version, volumes, (select count(*) from volume), (select count(*) from image),"
                                + " run, restarted from schema_version, microvm, job")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(Schema.version());
            assertThat(rows.getString(2)).isEmpty();
            assertThat(rows.getInt(3)).isZero();
            assertThat(rows.getInt(4)).isZero();
            assertThat(rows.getInt(5)).isEqualTo(1);
            assertThat(rows.getInt(6)).isZero();
        }
    }

    private static void fill(Path file) throws SQLException {
        sql(
                file,
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)"
                        + " insert into event (seq, at, type, data) select i, 0, 'vm.phase', hex(randomblob(50)) from n");
        sql(file, "pragma wal_checkpoint(truncate)");
    }

    private static void sql(Path file, String sql) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
