package dev.vmplane.store;

import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.Image;
import dev.vmplane.model.KeptAnswer;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Once;
import dev.vmplane.model.Retry;
import dev.vmplane.model.Volume;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.jdbcclient.JDBCConnectOptions;
import io.vertx.jdbcclient.JDBCPool;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The SQLite file: one connection that writes, with every commit on disk before it is answered, and a few that read the
 * event log. {@link DatabaseFile} has made sure that the file is ours and of this version.
 */
final class Database {
    private static final int READERS = 2;
    /**
     * Transactions are deferred, which is what SQLite does unless told otherwise: the JDBC client begins the next one as
     * soon as one has ended, and an immediate one would hold the write lock for as long as nothing is written.
     */
    private static final String DURABLE = "?journal_mode=WAL&synchronous=FULL&busy_timeout=5000";

    private final Pool writer;
    private final Pool readers;

    Database(Vertx vertx, Path file) {
        var url = "jdbc:sqlite:" + file + DURABLE;
        writer = JDBCPool.pool(vertx, new JDBCConnectOptions().setJdbcUrl(url), new PoolOptions().setMaxSize(1));
        readers = JDBCPool.pool(
                vertx,
                new JDBCConnectOptions().setJdbcUrl(url + "&open_mode=1"),
                new PoolOptions().setMaxSize(READERS));
    }

    /** Everything that is kept, as one change from nothing. Its events are left out: {@link #lastSeq} tells how many. */
    Future<Changes> load() {
        return writer.withConnection(connection -> all(connection, "job", Rows::job)
                .compose(jobs -> all(connection, "microvm", Rows::vm)
                        .compose(vms -> all(connection, "volume", Rows::volume)
                                .compose(volumes -> all(connection, "image", ImageRows::image)
                                        .compose(images -> all(connection, "retry", Rows::retry)
                                                .map(retries -> loaded(jobs, vms, volumes, images, retries)))))));
    }

    private static Changes loaded(
            List<DesiredVm> jobs, List<MicroVm> vms, List<Volume> volumes, List<Image> images, List<Retry> retries) {
        return new Changes(
                jobs, List.of(), vms, List.of(), volumes, List.of(), images, List.of(), retries, List.of(), List.of());
    }

    private static <T> Future<List<T>> all(SqlConnection connection, String table, Function<Row, T> reader) {
        return connection.query("select * from " + table).execute().map(rows -> list(rows, reader));
    }

    /** In a transaction of its own: what is read outside of one is not let go of before the next commit. */
    Future<Long> lastSeq() {
        return writer.withTransaction(connection -> connection
                .query(Sql.LAST_SEQ)
                .execute()
                .map(rows -> rows.iterator().next().getLong("seq")));
    }

    /** One transaction. Completes when it is durable. */
    Future<Void> commit(Changes changes, DoneChanges writes) {
        return writer.withTransaction(connection -> batch(
                        connection, Sql.DELETE_JOB, changes.jobsGone(), job -> Tuple.of(job.jobId()))
                .compose(done -> batch(connection, Sql.PUT_JOB, changes.jobs(), Rows::of))
                .compose(done -> batch(connection, Sql.DELETE_VM, changes.vmsGone(), vm -> Tuple.of(vm.vmId())))
                .compose(done -> batch(connection, Sql.PUT_VM, changes.vms(), Rows::of))
                .compose(done ->
                        batch(connection, Sql.DELETE_VOLUME, changes.volumesGone(), volume -> Tuple.of(volume.id())))
                .compose(done -> batch(connection, Sql.PUT_VOLUME, changes.volumes(), Rows::of))
                .compose(done ->
                        batch(connection, Sql.DELETE_IMAGE, changes.imagesGone(), image -> Tuple.of(image.digest())))
                .compose(done -> batch(connection, Sql.PUT_IMAGE, changes.images(), ImageRows::of))
                .compose(done -> batch(connection, Sql.DELETE_RETRY, changes.retriesGone(), Tuple::of))
                .compose(done -> batch(connection, Sql.PUT_RETRY, changes.retries(), Rows::of))
                .compose(done -> batch(connection, Sql.ADD_EVENT, changes.events(), Rows::of))
                .compose(done -> batch(connection, Sql.DELETE_DONE, writes.gone(), DoneRows::of))
                .compose(done -> batch(connection, Sql.PUT_DONE, writes.done(), DoneRows::of))
                .compose(done -> batch(
                        connection, Sql.PUT_ANSWER, List.copyOf(writes.answers().entrySet()), DoneRows::of)));
    }

    private static <T> Future<Void> batch(
            SqlConnection connection, String sql, List<T> records, Function<T, Tuple> writer) {
        if (records.isEmpty()) {
            return Future.succeededFuture();
        }
        return connection
                .preparedQuery(sql)
                .executeBatch(records.stream().map(writer).toList())
                .mapEmpty();
    }

    /** The writes that are not to be done again, the oldest first. */
    Future<List<Done>> allDone() {
        return writer.withTransaction(
                connection -> connection.query(Sql.ALL_DONE).execute().map(rows -> list(rows, DoneRows::done)));
    }

    /** How a write was answered that is known to have been. */
    Future<KeptAnswer> answer(Once.Id id) {
        return readers.preparedQuery(Sql.ANSWER)
                .execute(DoneRows.of(id))
                .map(rows -> DoneRows.answer(rows.iterator().next()));
    }

    Future<List<Event>> eventsSince(long seq, int limit) {
        return readers.preparedQuery(Sql.EVENTS_SINCE)
                .execute(Tuple.of(seq, limit))
                .map(rows -> list(rows, Rows::event));
    }

    Future<Void> forgetEventsUpTo(long seq) {
        return writer.withTransaction(connection -> connection
                .preparedQuery(Sql.FORGET_EVENTS)
                .execute(Tuple.of(seq))
                .mapEmpty());
    }

    Future<Void> close() {
        return readers.close().eventually(writer::close);
    }

    private static <T> List<T> list(RowSet<Row> rows, Function<Row, T> reader) {
        var list = new ArrayList<T>(rows.size());
        rows.forEach(row -> list.add(reader.apply(row)));
        return list;
    }
}
