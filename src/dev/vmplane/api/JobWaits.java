package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.JobView;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Supplier;

/**
 * Requests that wait for a job to come to rest. A commit that touches the job only means "look again": what is answered
 * is always what the store says then. Belongs to one event loop.
 */
final class JobWaits {
    private static final int MAX_WAITING = 1000;

    private final Bus bus;
    private final Time time;
    private final Map<String, Set<Wait>> waits = new HashMap<>();
    private int admitted;
    private long heard;

    JobWaits(Bus bus, Time time) {
        this.bus = bus;
        this.time = time;
    }

    Future<Void> listen() {
        return bus.listen(Address.COMMITTED, this::hear);
    }

    /** The last commit that was told here. Whatever the store answered before now is not newer than that. */
    long heard() {
        return heard;
    }

    /** Whether one more request may wait. */
    boolean mayWait() {
        return admitted < MAX_WAITING;
    }

    /** Does work that will wait, unless too many requests wait already. */
    <T> Future<T> admit(Supplier<Future<T>> work) {
        if (!mayWait()) {
            return Future.failedFuture(new Refusal(
                            Refusal.Kind.BUSY,
                            "too_many_waiting",
                            "wait",
                            "the request cannot wait: " + MAX_WAITING + " others do already; nothing was changed")
                    .asException());
        }
        admitted++;
        return work.get().onComplete(done -> admitted--);
    }

    /** The job once it is {@code over}, or as it is when {@code limit} has passed. */
    Future<JobView> until(BiPredicate<JobView, JobStatus> over, String jobId, Duration limit) {
        var wait = new Wait(jobId, over);
        waits.computeIfAbsent(jobId, first -> new HashSet<>()).add(wait);
        var alarm = time.after(limit, wait::giveUp);
        wait.look();
        return wait.answer.future().onComplete(answered -> {
            alarm.cancel();
            forget(wait);
        });
    }

    private void forget(Wait wait) {
        waits.computeIfPresent(wait.jobId, (id, waiting) -> {
            waiting.remove(wait);
            return waiting.isEmpty() ? null : waiting;
        });
    }

    private void hear(Changes changes) {
        heard = Math.max(heard, changes.seq());
        if (waits.isEmpty()) {
            return;
        }
        var touched = new HashSet<String>();
        for (var event : changes.events()) {
            touched.add(event.jobId());
        }
        for (var jobId : touched) {
            List.copyOf(waits.getOrDefault(jobId, Set.of())).forEach(Wait::look);
        }
    }

    /** One waiting request. It looks at the job one look at a time, and once more if it was told to meanwhile. */
    private final class Wait {
        private final String jobId;
        private final BiPredicate<JobView, JobStatus> over;
        private final Promise<JobView> answer = Promise.promise();
        private boolean looking;
        private boolean again;
        private boolean late;

        private Wait(String jobId, BiPredicate<JobView, JobStatus> over) {
            this.jobId = jobId;
            this.over = over;
        }

        private void giveUp() {
            late = true;
            look();
        }

        private void look() {
            if (looking) {
                again = true;
                return;
            }
            looking = true;
            bus.ask(Address.STORE_JOB_GET, new JobKey(jobId, null)).onComplete(this::seen, answer::tryFail);
        }

        private void seen(JobView view) {
            looking = false;
            if (late || over.test(view, JobStatus.of(view, time.now()))) {
                answer.tryComplete(view);
            } else if (again) {
                again = false;
                look();
            }
        }
    }
}
