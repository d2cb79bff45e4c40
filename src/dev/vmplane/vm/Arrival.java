package dev.vmplane.vm;

import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import dev.vmplane.model.VmState;
import io.vertx.core.Future;
import java.util.function.Supplier;

/**
 * The way of one microVM from a guest that passes its check to warm, and to whoever it is for: first the guest is told what
 * it must know, then the row says so. Begun again wherever the row stands, after a restart too: then a hook that was under
 * way is called once more.
 *
 * <pre>
 * BOOTING, no owner   -> WARMING
 * WARMING             -> warm hook -> WARM
 * BOOTING, owner      -> warm hook -> word of the job, attach hook -> RUNNING
 * WARM, owner         -> word of the job, attach hook -> RUNNING
 * PAUSED, owner       -> CPUs run -> time and randomness -> word of the job, attach hook -> RUNNING
 * </pre>
 */
final class Arrival {
    private final VmRow row;
    private final Vmm vmm;
    private final GuestWords words;
    private final TimeLimit timeLimit;
    private final Time time;
    private final Life life;
    /** The guest is being told something, outside the line. */
    private boolean underWay;
    /** The warm hook has succeeded. */
    private boolean warmed;
    /** Whose the guest knows that it is. */
    private Owner told;

    Arrival(VmRow row, Vmm vmm, GuestWords words, TimeLimit timeLimit, Time time, Life life) {
        this.row = row;
        this.vmm = vmm;
        this.words = words;
        this.timeLimit = timeLimit;
        this.time = time;
        this.life = life;
    }

    /** Whether its guest is to be left alone until it has answered. */
    boolean underWay() {
        return underWay;
    }

    /** Goes on with a guest that has passed its check, or whose owner came when it was warm. May be repeated. */
    Future<?> goOn() {
        if (underWay || row.phase().leaving()) {
            return Future.succeededFuture();
        }
        if (row.state() instanceof VmState.Warming warming) {
            return warm(warming);
        }
        if (row.owner() == null) {
            return warmUp();
        }
        // What has never been warm has not been told to warm up: a program must find the same world either way.
        return row.phase() == Phase.BOOTING && !isWarmed() ? tellToWarmUp(this::goOn) : attach();
    }

    private boolean isWarmed() {
        return warmed || row.vm().boot().hooks().warm() == null;
    }

    private Future<?> tellToWarmUp(Supplier<Future<?>> then) {
        return tell(words::warm, () -> {
            warmed = true;
            return then.get();
        });
    }

    /** The guest's program has started, and nobody has the VM. */
    Future<MicroVm> warmUp() {
        if (!(row.state() instanceof VmState.Booting booting)) {
            return Future.succeededFuture(row.vm());
        }
        var grace = row.vm().boot().health().grace();
        return row.move(booting.toWarming(time.now(), time.now().plus(grace)));
    }

    private Future<?> warm(VmState.Warming warming) {
        return isWarmed()
                ? row.move(warming.toWarm(time.now()))
                : tellToWarmUp(() -> row.state() instanceof VmState.Warming still
                        ? row.move(still.toWarm(time.now()))
                        : Future.succeededFuture());
    }

    private Future<?> attach() {
        return row.job()
                .compose(
                        this::attach,
                        cause -> gone(cause)
                                ? Future.succeededFuture() // its row is about to say so
                                : Future.failedFuture(cause));
    }

    private Future<?> attach(DesiredVm job) {
        timeLimit.isOf(job);
        var owner = row.owner();
        var slept = row.phase() == Phase.PAUSED;
        if (owner.equals(told) || (!slept && !words.concerns(job))) {
            return run();
        }
        var awake = slept ? vmm.resume() : Future.<Void>succeededFuture();
        return awake.compose(resumed -> tell(
                () -> (slept ? words.wake() : Future.<Void>succeededFuture()).compose(woken -> words.attach(job)),
                () -> {
                    told = owner;
                    return owner.equals(row.owner()) ? run() : Future.succeededFuture();
                }));
    }

    private Future<?> run() {
        var now = time.now();
        return switch (row.phase()) {
            case BOOTING -> row.move(((VmState.Booting) row.state()).toRunning(now));
            case WARM -> row.move(((VmState.Warm) row.state()).toRunning(now));
            case PAUSED -> row.move(((VmState.Paused) row.state()).toRunning(now));
            case PENDING, STARTING, WARMING, RUNNING, DRAINING, STOPPING, STOPPED, FAILED -> Future.succeededFuture();
        };
    }

    /** Waits for the guest outside the line. What comes of it counts if the row still stands where it stood. */
    private Future<?> tell(Supplier<Future<Void>> word, Supplier<Future<?>> then) {
        underWay = true;
        var phase = row.phase();
        word.get()
                .onComplete(heard -> life.queue(() -> {
                    underWay = false;
                    var next = heard.succeeded()
                            ? then.get()
                            : row.phase() == phase ? Future.failedFuture(heard.cause()) : Future.succeededFuture();
                    return next.onComplete(done -> life.check());
                }));
        return Future.succeededFuture();
    }

    private static boolean gone(Throwable cause) {
        return cause instanceof RefusedException refused && refused.refusal().kind() == Refusal.Kind.NOT_FOUND;
    }
}
