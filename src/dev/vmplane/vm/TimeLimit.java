package dev.vmplane.vm;

import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import dev.vmplane.model.Time.Alarm;
import io.vertx.core.Future;
import java.time.Duration;

/** How long the job of one microVM lets it run, counted from when this control plane knows that it runs. */
final class TimeLimit {
    private final VmRow row;
    private final Time time;
    private final Life life;
    private boolean known;
    private Duration timeout;
    private Alarm alarm;

    TimeLimit(VmRow row, Time time, Life life) {
        this.row = row;
        this.time = time;
        this.life = life;
    }

    void isOf(DesiredVm job) {
        known = true;
        timeout = job.spec().completion().timeout();
    }

    /** Sees to it that a VM that runs ends in time. May be repeated. */
    Future<?> watch() {
        if (alarm != null || row.owner() == null) {
            return Future.succeededFuture();
        }
        if (known) {
            set();
            return Future.succeededFuture();
        }
        return row.job()
                .onSuccess(job -> {
                    isOf(job);
                    set();
                })
                .<Void>mapEmpty()
                .recover(cause -> cause instanceof RefusedException refused
                                && refused.refusal().kind() == Refusal.Kind.NOT_FOUND
                        ? Future.succeededFuture() // its row is about to say so
                        : Future.failedFuture(cause));
    }

    void cancel() {
        if (alarm != null) {
            alarm.cancel();
        }
    }

    private void set() {
        if (timeout == null) {
            alarm = () -> {};
            return;
        }
        var left = Duration.between(time.now(), row.state().since().plus(timeout));
        alarm = time.after(left.isNegative() ? Duration.ZERO : left, () -> life.queue(this::passed));
    }

    private Future<?> passed() {
        var detail = "the program did not end within the " + timeout.toSeconds() + " s that its job allows";
        return row.phase() == Phase.RUNNING
                ? life.fail(new Reason(ReasonCode.TIMED_OUT, detail))
                : Future.succeededFuture();
    }
}
