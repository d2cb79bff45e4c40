package dev.vmplane.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HexFormat;

/**
 * Makes sure, before anything is read or any VM touched, that the database file is ours, whole, of a version this program
 * knows, and used by nobody else. Holds a lock beside the file for as long as it lives; the lock dies with the process.
 * Everything here blocks.
 */
public final class DatabaseFile implements AutoCloseable {
    /** "vmpl" in SQLite's application_id field, so that a foreign file is told from ours. */
    private static final int APPLICATION_ID = 0x766d706c;

    private final Path file;
    private final String id;
    private final FileChannel lock;

    private DatabaseFile(Path file, String id, FileChannel lock) {
        this.file = file;
        this.id = id;
        this.lock = lock;
    }

    /**
     * Opens, and if need be makes or migrates, the database in {@code stateDir}.
     *
     * @param backend what drives the VMs; another one could not see those that run and would take them for dead
     * @throws StoreRefusedException with what is wrong and what to do
     */
    public static DatabaseFile open(Path stateDir, String backend) {
        try {
            Files.createDirectories(stateDir);
            var lock = lock(stateDir);
            try {
                unpackInto(emptied(momentary(stateDir)));
                var file = stateDir.resolve("vmplane.db");
                return new DatabaseFile(file, prepare(file, backend), lock);
            } catch (IOException | RuntimeException e) {
                lock.close();
                throw e;
            }
        } catch (IOException e) {
            throw new StoreRefusedException("the state directory " + stateDir + " cannot be used: " + e, e);
        }
    }

    /** Where files of a moment may lie: whatever a control plane that was killed left there, the next start removes. */
    public static Path momentary(Path stateDir) {
        return stateDir.toAbsolutePath().normalize().resolve("tmp");
    }

    public Path path() {
        return file;
    }

    /**
     * Eight hex digits that this database was born with. What is made for its VMs carries them, so that a database that
     * was put in the place of another never takes the other's VMs for its own leftovers.
     */
    public String id() {
        return id;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private static FileChannel lock(Path stateDir) throws IOException {
        var file = stateDir.resolve("vmplane.lock");
        var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException sameProcess) {
            // Held by another control plane inside this process: refused like any other.
        }
        channel.close();
        throw new StoreRefusedException(
                "another control plane uses " + stateDir + ": stop it, or give this one a state_dir of its own");
    }

    /**
     * The driver unpacks its native library at every start, under a new name, and a control plane that is killed leaves it
     * there: in the host's own temporary directory a megabyte each time, which nobody ever clears away.
     */
    private static void unpackInto(Path directory) {
        System.setProperty("org.sqlite.tmpdir", directory.toString());
    }

    /** A directory that only whoever holds the lock uses, without what the one before left. */
    private static Path emptied(Path directory) throws IOException {
        Files.createDirectories(directory);
        try (var left = Files.newDirectoryStream(directory)) {
            for (var file : left) {
                Files.delete(file);
            }
        }
        return directory;
    }

    private static String prepare(Path file, String backend) {
        try (var connection =
                DriverManager.getConnection("jdbc:sqlite:" + file + "?journal_mode=WAL&synchronous=FULL")) {
            refuseIfDamaged(file, connection);
            var version = version(file, connection);
            if (version > Schema.version()) {
                throw new StoreRefusedException("the database " + file + " has schema version " + version
                        + ", this program knows " + Schema.version() + ": use the newer program, or restore a backup");
            }
            migrate(connection, version);
            claimFor(backend, file, connection);
            return text(connection, "select store_id from schema_version");
        } catch (SQLException e) {
            throw new StoreRefusedException(
                    "the database " + file + " cannot be used: " + e.getMessage()
                            + ". No VM was touched. Restore a backup, or move the file away to begin anew",
                    e);
        }
    }

    private static void refuseIfDamaged(Path file, Connection connection) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("pragma quick_check(1)")) {
            var verdict = rows.next() ? rows.getString(1) : "no answer";
            if (!"ok".equals(verdict)) {
                throw new StoreRefusedException("the database " + file + " is damaged: " + verdict
                        + ". No VM was touched. Restore a backup, or move the file away to begin anew");
            }
        }
    }

    /** The schema version: 0 for a file that holds nothing yet. */
    private static int version(Path file, Connection connection) throws SQLException {
        if (number(connection, "select count(*) from sqlite_master") == 0) {
            return 0;
        }
        if (number(connection, "pragma application_id") != APPLICATION_ID) {
            throw new StoreRefusedException(
                    "the database " + file + " belongs to another program: choose another state_dir");
        }
        return number(connection, "select version from schema_version");
    }

    private static int number(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getInt(1) : 0;
        }
    }

    private static String text(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : "";
        }
    }

    private static void claimFor(String backend, Path file, Connection connection) throws SQLException {
        var before = text(connection, "select backend from schema_version");
        var held = number(connection, "select count(*) from microvm where released = 0");
        if (held > 0 && !backend.equals(before)) {
            throw new StoreRefusedException("the database " + file + " has " + held + " VMs of " + before
                    + ", which " + backend + " cannot see: start with FC_BACKEND=" + before
                    + " and delete them first, or choose another state_dir");
        }
        try (var claim = connection.prepareStatement("update schema_version set backend = ?")) {
            claim.setString(1, backend);
            claim.executeUpdate();
        }
        connection.commit();
    }

    private static String newId() {
        return HexFormat.of().toHexDigits(new SecureRandom().nextInt());
    }

    private static void migrate(Connection connection, int from) throws SQLException {
        connection.setAutoCommit(false);
        try (var statement = connection.createStatement()) {
            if (from == 0) {
                statement.execute("pragma application_id = " + APPLICATION_ID);
                statement.execute(
                        "create table schema_version (version integer not null, store_id text not null, backend text)");
                statement.execute("insert into schema_version (version, store_id) values (0, '" + newId() + "')");
            }
            for (var version = from; version < Schema.version(); version++) {
                for (var sql : Schema.step(version)) {
                    statement.execute(sql);
                }
            }
            statement.execute("update schema_version set version = " + Schema.version());
        }
        connection.commit();
    }
}
