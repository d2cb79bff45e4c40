package dev.vmplane.store;

import dev.vmplane.Await;
import dev.vmplane.ManualTime;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.EventQuery;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.Nothing;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Spec;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** A store on a file of its own, and a second hand in that file which can stand in the store's way. */
final class StoreRig implements AutoCloseable {
    private static final PageQuery EVERYTHING = new PageQuery(null, null, Integer.MAX_VALUE);

    final ManualTime time = new ManualTime();
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    /** Makes the next row of a VM a defect. */
    final AtomicBoolean idsFail = new AtomicBoolean();

    private final List<Changes> commits = new CopyOnWriteArrayList<>();
    private final Vertx vertx = Vertx.vertx();
    private final Bus bus = new Bus(vertx);
    private final AtomicInteger ids = new AtomicInteger();
    private final Path stateDir;
    private final DatabaseFile file;

    StoreRig(Path stateDir) {
        this.stateDir = stateDir;
        file = DatabaseFile.open(stateDir, "simulator");
        Await.of(bus.listen(Address.COMMITTED, commits::add));
        Await.of(vertx.deployVerticle(new StoreVerticle(
                file.path(),
                new Addresses("127.64.0.0/24"),
                Books.RULES,
                time,
                this::nextId,
                new StoreMeters(meters))));
        // The alarm for the housekeeping is the last thing a start does.
        Await.until(1, () -> Future.succeededFuture(time.pending()));
    }

    private String nextId() {
        if (idsFail.get()) {
            throw new IllegalStateException("as the test says");
        }
        return "vm-" + ids.incrementAndGet();
    }

    <Q, A> Future<A> ask(Address<Q, A> address, Q question) {
        return bus.ask(address, question);
    }

    Future<PutAnswer> wish(String jobId, Spec spec) {
        return wish(jobId, Books.TENANT, spec);
    }

    Future<PutAnswer> wish(String jobId, String tenant, Spec spec) {
        return ask(Address.STORE_JOB_PUT, new Address.PutJob(jobId, tenant, spec, DesiredVm.Source.API));
    }

    Future<Long> place(String jobId) {
        return ask(Address.STORE_INTEND, Books.placing(jobId, 0, 1));
    }

    JobView job(String jobId) {
        return Await.of(ask(Address.STORE_JOB_GET, new JobKey(jobId, null)));
    }

    List<JobView> jobs() {
        return Await.of(ask(Address.STORE_JOB_LIST, EVERYTHING)).items();
    }

    List<MicroVm> vms() {
        return Await.of(ask(Address.STORE_INSTANCE_LIST, EVERYTHING)).items();
    }

    /** Answered after everything that was asked before has reached the store: one event loop, one order. */
    long seq() {
        return Await.of(ask(Address.STORE_STATS, Nothing.NOTHING)).seq();
    }

    List<Event> log() {
        return Await.of(ask(Address.STORE_EVENTS, new EventQuery(0, 1000)));
    }

    /** The ids of the jobs each commit has told of, once {@code count} of them have been told. */
    List<List<String>> commits(int count) {
        Await.until(count, () -> Future.succeededFuture(commits.size()));
        return commits.stream()
                .map(commit -> commit.jobs().stream().map(DesiredVm::jobId).toList())
                .toList();
    }

    static Refusal refusal(Future<?> answer) {
        return ((RefusedException) Await.failureOf(answer)).refusal();
    }

    /** While it is open no commit gets through: a commit that is tried meanwhile waits for it. */
    Connection holdingTheWriteLock() throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite:" + file.path());
        try (var statement = connection.createStatement()) {
            statement.execute("begin immediate");
        }
        return connection;
    }

    void sql(String sql) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file.path());
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** What is on the disk at this moment, as a power cut would leave it: the file and its log, with nothing tidied up. */
    Path copyOfTheDisk(Path elsewhere) throws IOException {
        Files.createDirectories(elsewhere);
        for (var name : List.of("vmplane.db", "vmplane.db-wal")) {
            Files.copy(stateDir.resolve(name), elsewhere.resolve(name));
        }
        return elsewhere;
    }

    @Override
    public void close() throws IOException {
        Await.of(vertx.close());
        file.close();
    }
}
