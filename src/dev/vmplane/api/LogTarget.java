package dev.vmplane.api;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Event;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import io.vertx.core.Future;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Whose logs one reader reads: those of one microVM, or of all that a job has and had. */
abstract sealed class LogTarget {
    private final Bus bus;
    /** What the look before saw, or null before the first. */
    private Seen before;

    private LogTarget(Bus bus) {
        this.bus = bus;
    }

    /**
     * What there was at one look.
     *
     * @param vms the oldest first
     * @param over whether nothing will be printed any more, by these or others
     * @param several whether more than one may print at a time
     */
    record Seen(List<MicroVm> vms, boolean over, boolean several) {}

    static LogTarget instance(Bus bus, String vmId) {
        return new Instance(bus, vmId);
    }

    /** @param now to say whether the job will be tried again */
    static LogTarget job(Bus bus, String jobId, Supplier<Instant> now) {
        return new Job(bus, jobId, now);
    }

    /** Whether there may be something new to see after this. */
    abstract boolean concerns(Event event);

    abstract Future<Seen> find(Bus bus);

    /** What there is now. Fails when it was never there; VMs can outlive what they were found by, and are seen to their end. */
    Future<Seen> look() {
        return find(bus)
                .recover(cause -> JobWrites.isGone(cause) && before != null ? leftovers() : Future.failedFuture(cause))
                .onSuccess(seen -> before = seen);
    }

    private Future<Seen> leftovers() {
        var left = before.vms().stream()
                .map(vm -> bus.ask(Address.STORE_INSTANCE_GET, vm.vmId())
                        .map(Optional::of)
                        .recover(cause -> JobWrites.isGone(cause)
                                ? Future.succeededFuture(Optional.empty())
                                : Future.failedFuture(cause)))
                .toList();
        return Future.all(left).map(all -> {
            var vms = all.<Optional<MicroVm>>list().stream()
                    .flatMap(Optional::stream)
                    .toList();
            return new Seen(vms, allReleased(vms), before.several());
        });
    }

    private static boolean allReleased(List<MicroVm> vms) {
        return vms.stream().allMatch(MicroVm::released);
    }

    private static final class Instance extends LogTarget {
        private final String vmId;

        private Instance(Bus bus, String vmId) {
            super(bus);
            this.vmId = vmId;
        }

        @Override
        boolean concerns(Event event) {
            return vmId.equals(event.vmId());
        }

        @Override
        Future<Seen> find(Bus bus) {
            return bus.ask(Address.STORE_INSTANCE_GET, vmId).map(vm -> new Seen(List.of(vm), vm.released(), false));
        }
    }

    private static final class Job extends LogTarget {
        private final String jobId;
        private final Supplier<Instant> now;

        private Job(Bus bus, String jobId, Supplier<Instant> now) {
            super(bus);
            this.jobId = jobId;
            this.now = now;
        }

        @Override
        boolean concerns(Event event) {
            return jobId.equals(event.jobId());
        }

        @Override
        Future<Seen> find(Bus bus) {
            return bus.ask(Address.STORE_JOB_GET, new JobKey(jobId, null)).map(this::seen);
        }

        private Seen seen(JobView view) {
            var vms = view.instances().stream()
                    .sorted(Comparator.comparing(MicroVm::createdAt).thenComparing(MicroVm::vmId))
                    .toList();
            var done = switch (JobStatus.of(view, now.get()).state()) {
                case SUCCEEDED, FAILED, STOPPED -> true;
                case RUNNING, STARTING, UNHEALTHY, WAITING, DRAINING -> false;
            };
            return new Seen(vms, done && allReleased(vms), view.job().spec().replicas() > 1);
        }
    }
}
