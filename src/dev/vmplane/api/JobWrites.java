package dev.vmplane.api;

import dev.vmplane.api.WaitFor.Goal;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Says how a job stands after a write of it. 200 and 201 mean live: the write is durable, every replica runs, and the
 * ingress routes to it; or, for who waits for that, every replica has come to its end. 202 means durable and not there
 * yet.
 */
final class JobWrites {
    /** How long a wish is kept waiting whose warm VMs have only to be resumed and told of it. */
    private static final Duration ATTACH_LIMIT = Duration.ofSeconds(10);

    private final Bus bus;
    private final Time time;
    private final JobWaits waits;

    JobWrites(Bus bus, Time time, JobWaits waits) {
        this.bus = bus;
        this.time = time;
        this.waits = waits;
    }

    /** Writes, unless it would have to wait and cannot, and answers. */
    Future<Answer> answer(Supplier<Future<PutAnswer>> write, Optional<WaitFor> wait) {
        return wait.isEmpty()
                ? write.get().compose(this::answer)
                : waits.admit(() -> write.get().compose(put -> answerAfter(wait.get(), put)));
    }

    private Future<Answer> answer(PutAnswer put) {
        return onlyAttaches(put) && waits.mayWait()
                ? waits.admit(() -> waits.until(JobWrites::attached, put.job().jobId(), ATTACH_LIMIT))
                        .compose(view -> answer(put, view, Goal.RUNNING, heard(put)))
                : after(put).compose(view -> answer(put, view, Goal.RUNNING, put.seq()));
    }

    private Future<Answer> answerAfter(WaitFor wait, PutAnswer put) {
        return waits.until(wait.goal()::over, put.job().jobId(), wait.limit())
                .compose(view -> answer(put, view, wait.goal(), heard(put)));
    }

    /** How far the ingress must be to know all that was waited for. */
    private long heard(PutAnswer put) {
        return Math.max(put.seq(), waits.heard());
    }

    /** Whether each replica has got its warm VM, and nothing is missing but that some of them hear of it. */
    private static boolean onlyAttaches(PutAnswer put) {
        return put.attached().size() == put.job().replicas()
                && put.attached().stream().anyMatch(MicroVm::attaching);
    }

    /** Each has heard of it, or will never serve. */
    private static boolean attached(JobView view, JobStatus status) {
        return view.instances().stream().noneMatch(MicroVm::attaching);
    }

    /** The job right after its wish; the store need not be asked when a new one found all it needs. */
    private Future<JobView> after(PutAnswer put) {
        var attached = new JobView(put.job(), put.attached(), List.of());
        if (put.created()
                && put.attached().size() == put.job().replicas()
                && put.attached().stream().allMatch(MicroVm::serving)) {
            return Future.succeededFuture(attached);
        }
        return bus.ask(Address.STORE_JOB_GET, new JobKey(put.job().jobId(), null))
                .recover(cause -> isGone(cause) ? Future.succeededFuture(attached) : Future.failedFuture(cause));
    }

    static boolean isGone(Throwable cause) {
        return cause instanceof RefusedException refused && refused.refusal().kind() == Refusal.Kind.NOT_FOUND;
    }

    private Future<Answer> answer(PutAnswer put, JobView view, Goal goal, long seq) {
        var status = JobStatus.of(view, time.now());
        var body = Representation.of(view, status);
        var location = "/vms/" + view.job().jobId();
        var answer = goal.reached(view, status)
                ? bus.ask(Address.INGRESS_CAUGHT_UP, seq)
                        .map(routed -> fresh(put) ? Answer.created(body, location) : Answer.ok(body))
                : Future.succeededFuture(Answer.accepted(body, location));
        return answer.map(given -> given.of(view.job().generation()));
    }

    private static boolean fresh(PutAnswer put) {
        return put.created() || !put.attached().isEmpty();
    }
}
