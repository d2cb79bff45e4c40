package dev.vmplane.store;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.EventQuery;
import dev.vmplane.bus.Address.KeepAnswer;
import dev.vmplane.bus.Address.Kept;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.CrashPoint;
import dev.vmplane.model.Event;
import dev.vmplane.model.KeptAnswer;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Once;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the database and the ledger. Reads are answered from the ledger; writes queue up, and all that have queued while
 * one commit was under way share the next. Each is answered, and everybody told, after the commit.
 */
public final class StoreVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(StoreVerticle.class);

    /** Writes that may wait for a commit; more are refused as busy. */
    private static final int MAX_WAITING = 20_000;

    /** Writes that share one commit, so that the first of them does not wait for thousands of others. */
    private static final int MAX_BATCH = 512;

    private static final int MAX_EVENTS_A_PAGE = 1_000;
    private static final Duration HOUSEKEEPING = Duration.ofMinutes(1);
    private static final Duration RETRY_RECOVERY = Duration.ofSeconds(1);

    private final Path file;
    private final Rules rules;
    private final Time time;
    private final Supplier<String> vmIds;
    private final Ledger ledger;
    private final StoreMeters meters;
    private final Deque<Write<?>> waiting = new ArrayDeque<>();
    private Database database;
    private Bus bus;
    /** A commit is under way, or the database is being asked what became of one. */
    private boolean busy;

    private boolean stopped;

    /** One operation on the draft, and whoever waits for it. */
    private record Write<A>(Function<Draft, A> operation, Promise<A> answer) {}

    /** One that nobody measures. */
    public StoreVerticle(Path file, Addresses addresses, Rules rules, Time time, Supplier<String> vmIds) {
        this(file, addresses, rules, time, vmIds, StoreMeters.none());
    }

    /** @param vmIds gives an id nobody has had each time it is asked */
    public StoreVerticle(
            Path file, Addresses addresses, Rules rules, Time time, Supplier<String> vmIds, StoreMeters meters) {
        this.file = file;
        this.rules = rules;
        this.time = time;
        this.vmIds = vmIds;
        this.ledger = new Ledger(addresses);
        this.meters = meters;
        meters.watch(waiting);
    }

    @Override
    public Future<?> start() {
        database = new Database(vertx, file);
        bus = new Bus(vertx);
        return database.load()
                .compose(rows ->
                        database.allDone().compose(done -> database.lastSeq().map(seq -> loaded(rows, done, seq))))
                .compose(done -> Future.all(List.of(
                        bus.answer(Address.STORE_JOB_PUT, put -> write(draft -> draft.putJob(put))),
                        bus.answer(Address.STORE_JOB_DELETE, end -> write(draft -> draft.deleteJob(end))),
                        bus.answer(Address.STORE_JOB_STEER, steer -> write(draft -> draft.steerJob(steer))),
                        bus.answer(Address.STORE_INTEND, intents -> write(draft -> draft.intend(intents))),
                        bus.answer(Address.STORE_INSTANCE_MOVED, moved -> write(draft -> draft.moved(moved))),
                        bus.answer(Address.STORE_INSTANCE_RELEASED, id -> write(draft -> draft.released(id))),
                        bus.answer(Address.STORE_VOLUME_DELETE, key -> write(draft -> draft.deleteVolume(key))),
                        bus.answer(Address.STORE_VOLUME_REMOVED, gone -> write(draft -> draft.volumeRemoved(gone))),
                        bus.answer(
                                Address.STORE_IMAGE_PUT,
                                put -> write(draft -> draft.images().put(put))),
                        bus.answer(
                                Address.STORE_IMAGE_MOVED,
                                moved -> write(draft -> draft.images().moved(moved))),
                        bus.answer(
                                Address.STORE_IMAGE_DELETE,
                                digest -> write(draft -> draft.images().delete(digest))),
                        bus.answer(
                                Address.STORE_IMAGE_UNTAG,
                                name -> write(draft -> draft.images().untag(name))),
                        bus.answer(
                                Address.STORE_IMAGE_REMOVED,
                                gone -> write(draft -> draft.images().removed(gone))),
                        bus.answer(Address.STORE_ANSWER_GET, this::answerOf),
                        bus.answer(Address.STORE_ANSWER_KEEP, this::keep),
                        bus.answer(Address.STORE_EVENTS, this::events),
                        new Reads(ledger).answer(bus))))
                .onSuccess(done -> time.after(HOUSEKEEPING, this::keepHouse));
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        return database.close();
    }

    private Void loaded(Changes rows, List<Done> done, long seq) {
        ledger.apply(rows);
        ledger.apply(new DoneChanges(done, List.of(), Map.of()));
        ledger.startAfter(seq);
        LOG.atInfo()
                .addKeyValue("jobs", rows.jobs().size())
                .addKeyValue("vms", rows.vms().size())
                .addKeyValue("seq", seq)
                .log("store opened");
        // The range may have been enlarged since.
        lendAddresses();
        commitNext();
        return null;
    }

    private Future<List<Event>> events(EventQuery query) {
        return database.eventsSince(query.since(), Math.min(query.limit(), MAX_EVENTS_A_PAGE));
    }

    private Future<Kept> answerOf(Once once) {
        var done = ledger.done().find(once.id(), time.now());
        Answers.refuseOther(once, done);
        return done == null || !done.answered()
                ? Future.succeededFuture(new Kept(null))
                : database.answer(once.id()).map(Kept::new);
    }

    /** The first answer to a write stands, also for a request that was sent again before there was one. */
    private Future<KeptAnswer> keep(KeepAnswer keep) {
        return this.<Boolean>write(draft -> draft.answers().keep(keep.once(), keep.answer()))
                .compose(first -> first
                        ? Future.succeededFuture(keep.answer())
                        : database.answer(keep.once().id()));
    }

    private <A> Future<A> write(Function<Draft, A> operation) {
        if (waiting.size() >= MAX_WAITING) {
            meters.refused();
            return refused(new Refusal(
                    Refusal.Kind.BUSY,
                    "store_busy",
                    null,
                    "the store cannot take more writes now: try again in a second"));
        }
        var write = new Write<A>(operation, Promise.promise());
        waiting.add(write);
        if (!busy) {
            commitNext();
        }
        return write.answer().future();
    }

    private void commitNext() {
        busy = !waiting.isEmpty();
        if (!busy) {
            return;
        }
        var draft = new Draft(ledger, rules, time.now(), vmIds);
        var batch = new ArrayList<Write<?>>();
        var answers = new ArrayList<Runnable>();
        while (batch.size() < MAX_BATCH && !waiting.isEmpty()) {
            var write = waiting.poll();
            try {
                answers.add(apply(write, draft));
                batch.add(write);
            } catch (RuntimeException defect) {
                // It may have left the draft half changed: the others start over without it.
                write.answer().fail(defect);
                for (var n = batch.size() - 1; n >= 0; n--) {
                    waiting.addFirst(batch.get(n));
                }
                commitNext();
                return;
            }
        }
        var changes = draft.changes();
        var done = draft.answers().changes();
        CrashPoint.STORE_DECIDED.here();
        var committed = changes.isEmpty() && done.isEmpty()
                ? Future.<Void>succeededFuture()
                : commit(changes, done, batch.size());
        committed.onComplete(
                durable -> finish(changes, done, answers), cause -> recover(changes, done, batch, answers, cause));
    }

    private Future<Void> commit(Changes changes, DoneChanges done, int writes) {
        var begun = meters.begin();
        return database.commit(changes, done).map(durable -> {
            meters.committed(begun, writes);
            return null;
        });
    }

    private static <A> Runnable apply(Write<A> write, Draft draft) {
        try {
            var answer = write.operation().apply(draft);
            return () -> write.answer().complete(answer);
        } catch (RefusedException refused) {
            return () -> write.answer().fail(refused);
        }
    }

    private void finish(Changes changes, DoneChanges done, List<Runnable> answers) {
        ledger.apply(done);
        if (!changes.isEmpty()) {
            CrashPoint.STORE_COMMITTED.here();
            ledger.apply(changes);
            bus.publish(Address.COMMITTED, changes);
            CrashPoint.STORE_PUBLISHED.here();
            lendAddresses();
        }
        answers.forEach(Runnable::run);
        commitNext();
    }

    /** What a commit has freed goes to those who wait, before the next commit takes it from under them. */
    private void lendAddresses() {
        if (ledger.addressesDue()) {
            waiting.addFirst(new Write<>(Draft::lendAddresses, Promise.promise()));
        }
    }

    /** A commit that failed may still have happened: the database is asked before anybody is told anything. */
    private void recover(
            Changes changes, DoneChanges done, List<Write<?>> batch, List<Runnable> answers, Throwable cause) {
        database.lastSeq()
                .onComplete(
                        seq -> {
                            // Without an event it cannot be told; what it was about is no more than remembered then.
                            if (!changes.isEmpty() && seq == changes.seq()) {
                                finish(changes, done, answers);
                                return;
                            }
                            meters.failed();
                            LOG.atError()
                                    .addKeyValue("writes", batch.size())
                                    .setCause(cause)
                                    .log("a commit failed");
                            var refusal = new Refusal(
                                    Refusal.Kind.UNAVAILABLE,
                                    "store_failed",
                                    null,
                                    "the store cannot write: nothing was changed");
                            finish(
                                    Changes.NONE,
                                    DoneChanges.NONE,
                                    batch.stream()
                                            .<Runnable>map(write ->
                                                    () -> write.answer().fail(refusal.asException()))
                                            .toList());
                        },
                        unreachable -> {
                            if (stopped) {
                                return;
                            }
                            LOG.atError().setCause(unreachable).log("the database does not answer");
                            time.after(RETRY_RECOVERY, () -> recover(changes, done, batch, answers, cause));
                        });
    }

    private void keepHouse() {
        var oldest = time.now().minus(rules.keepEnded());
        var old = ledger.vms().stream()
                .filter(vm -> vm.released() && !vm.state().since().isAfter(oldest))
                .map(MicroVm::vmId)
                .toList();
        var forgotten = old.isEmpty() ? Future.succeededFuture() : write(draft -> draft.forgetOld(old));
        var past = ledger.done().anyPast(time.now())
                ? write(draft -> draft.answers().forgetPast())
                : Future.succeededFuture();
        forgotten
                .compose(forgot -> past)
                .compose(done -> database.forgetEventsUpTo(ledger.seq() - rules.keepEvents()))
                .onFailure(cause -> LOG.atWarn().setCause(cause).log("old rows could not be forgotten"))
                .onComplete(done -> time.after(HOUSEKEEPING, this::keepHouse));
    }

    private static <A> Future<A> refused(Refusal refusal) {
        return Future.failedFuture(refusal.asException());
    }
}
