package dev.vmplane.api;

import dev.vmplane.api.DesiredFile.Stamp;
import dev.vmplane.api.DesiredFile.Unreadable;
import dev.vmplane.api.DesiredFilePass.Complaint;
import dev.vmplane.api.DesiredFilePass.Outcome;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Brake;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the rows that come from the desired file: looks at it every two seconds, and when it has changed makes those rows
 * equal to it. A file that is missing, unreadable or wrong changes nothing: that it cannot be read does not mean that
 * nothing is desired.
 */
public final class DesiredFileVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(DesiredFileVerticle.class);
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(2);
    private static final Duration DISK_LIMIT = Duration.ofSeconds(30);

    private final DesiredFile file;
    private final Function<String, DesiredDraft> read;
    private final Brake brake;
    private final Time time;

    private Bus bus;
    private WorkerExecutor disk;
    private Future<?> diskUse = Future.succeededFuture();
    private Time.Alarm nextLook = () -> {};
    private boolean stopped;

    /** The file as the last look found it, and as the rows were last made equal to it. */
    private Stamp seen;

    private Stamp followed;

    /** What is wrong now and has been said, so that it is not said again at every look. */
    private Set<Complaint> told = Set.of();

    /** {@code read} runs on a worker, and throws a {@link RefusedException} that names the place of a mistake. */
    public DesiredFileVerticle(Path file, Function<String, DesiredDraft> read, Brake brake, Time time) {
        this.file = new DesiredFile(file);
        this.read = read;
        this.brake = brake;
        this.time = time;
    }

    /** Completes after the first look, whatever it found. */
    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        disk = vertx.createSharedWorkerExecutor("desired-file", 1);
        return look();
    }

    @Override
    public Future<?> stop() {
        stopped = true;
        nextLook.cancel();
        return disk.close();
    }

    private Future<Void> look() {
        return onDisk(file::stamp)
                .compose(this::follow)
                .recover(this::observeNothing)
                .andThen((looked, defect) -> lookLater());
    }

    private void lookLater() {
        if (!stopped) {
            nextLook = time.after(BETWEEN_LOOKS, this::look);
        }
    }

    private Future<Void> follow(Stamp stamp) {
        var before = seen;
        seen = stamp;
        if (stamp.equals(followed) || !stamp.settled(before, time.now())) {
            return Future.succeededFuture();
        }
        return onDisk(() -> read.apply(file.text(stamp)))
                .compose(draft -> DesiredImages.find(new ImagePins(bus), draft.images())
                        .compose(found -> onDisk(() -> draft.wishes(found.pins()))
                                .compose(wishes -> DesiredFilePass.make(bus, wishes, found, brake))))
                .compose(outcome -> followed(stamp, outcome), mistake -> stayAsItIs(stamp, mistake));
    }

    private Future<Void> followed(Stamp stamp, Outcome outcome) {
        followed = outcome.complete() ? stamp : null;
        report(outcome);
        return Future.succeededFuture();
    }

    /** A mistake stays one until somebody writes the file again. */
    private Future<Void> stayAsItIs(Stamp stamp, Throwable mistake) {
        if (!(mistake instanceof RefusedException)) {
            return Future.failedFuture(mistake);
        }
        followed = stamp;
        complain(Set.of(new Complaint(null, mistake.getMessage())));
        return Future.succeededFuture();
    }

    /** What cannot be read, and what the store did not take, is tried again at the next look. */
    private Future<Void> observeNothing(Throwable cause) {
        followed = null;
        var expected = cause instanceof Unreadable || cause instanceof RefusedException;
        complain(Set.of(new Complaint(null, expected ? cause.getMessage() : cause.toString())));
        return Future.succeededFuture();
    }

    /** The disk may hang for as long as it likes: one use of it waits for that, and no other is begun. */
    private <T> Future<T> onDisk(Callable<T> work) {
        if (!diskUse.isComplete()) {
            return Future.failedFuture(new Unreadable("the disk still does not answer"));
        }
        var use = disk.executeBlocking(work);
        diskUse = use;
        return use.timeout(DISK_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void report(Outcome outcome) {
        if (outcome.put() + outcome.deleted() > 0) {
            LOG.atInfo()
                    .addKeyValue("file", file.path())
                    .addKeyValue("put", outcome.put())
                    .addKeyValue("deleted", outcome.deleted())
                    .log("desired file was followed");
        }
        complain(outcome.complaints());
    }

    private void complain(Set<Complaint> complaints) {
        complaints.stream().filter(complaint -> !told.contains(complaint)).forEach(this::log);
        told = complaints;
    }

    private void log(Complaint complaint) {
        var event = LOG.atWarn().addKeyValue("file", file.path()).addKeyValue("error", complaint.error());
        if (complaint.job() != null) {
            event = event.addKeyValue("job", complaint.job());
        }
        event.log("desired file cannot be followed");
    }
}
