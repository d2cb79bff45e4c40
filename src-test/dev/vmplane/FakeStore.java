package dev.vmplane;

import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.JobKey;
import dev.vmplane.bus.Address.Page;
import dev.vmplane.bus.Address.PageQuery;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Address.SteerJob;
import dev.vmplane.bus.Bus;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Phase;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Retry;
import dev.vmplane.model.Stats;
import dev.vmplane.model.VmState;
import dev.vmplane.model.WarmPool;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A store without a database or rules: answers the bus from maps, claims warm VMs, and tells each change as one commit.
 * Tests move its VMs by hand, from any thread.
 */
public final class FakeStore extends VerticleBase {
    private final NavigableMap<String, DesiredVm> jobs = new TreeMap<>();
    private final NavigableMap<String, MicroVm> vms = new TreeMap<>();
    private final Map<String, Retry> retries = new TreeMap<>();
    private final List<Event> log = new ArrayList<>();
    private Bus bus;
    private boolean mute;

    @Override
    public Future<?> start() {
        bus = new Bus(vertx);
        return Future.all(List.of(
                bus.answer(Address.STORE_JOB_PUT, this::put),
                bus.answer(Address.STORE_JOB_STEER, this::steer),
                bus.answer(Address.STORE_JOB_DELETE, this::delete),
                bus.answer(Address.STORE_JOB_GET, this::job),
                bus.answer(Address.STORE_JOB_LIST, this::jobs),
                bus.answer(Address.STORE_INSTANCE_GET, this::instance),
                bus.answer(Address.STORE_INSTANCE_LIST, this::instances),
                bus.answer(Address.STORE_IMAGE_LIST, query -> Future.succeededFuture(new Page<>(List.of(), null))),
                bus.answer(Address.STORE_STATS, nothing -> Future.succeededFuture(stats())),
                bus.answer(
                        Address.STORE_EVENTS, query -> Future.succeededFuture(events(query.since(), query.limit())))));
    }

    /** Commits a job as it is, without claiming anything. */
    public synchronized long keep(DesiredVm job) {
        var created = jobs.put(job.jobId(), job) == null;
        var type = created ? EventType.JOB_CREATED : EventType.JOB_CHANGED;
        return commit(List.of(job), List.of(), List.of(), List.of(), List.of(event(type, job.jobId(), null, Map.of())));
    }

    /** Commits a microVM as it is. */
    public synchronized long keep(MicroVm vm) {
        var before = vms.put(vm.vmId(), vm);
        var type = before == null ? EventType.VM_CREATED : EventType.VM_PHASE;
        Map<String, Object> facts = before == null
                ? Map.of("spec_hash", vm.specHash())
                : Map.of("from", text(before.phase()), "to", text(vm.phase()));
        var jobId = vm.owner() == null ? null : vm.owner().jobId();
        return commit(List.of(), List.of(), List.of(vm), List.of(), List.of(event(type, jobId, vm.vmId(), facts)));
    }

    /** Commits how often a replica of a job failed. */
    public synchronized long keep(String jobId, Retry retry) {
        retries.put(retry.key(), retry);
        return commit(
                List.of(),
                List.of(),
                List.of(),
                List.of(retry),
                List.of(event(EventType.RETRY_CHANGED, jobId, null, Map.of())));
    }

    /** Commits that a microVM is in another state now. */
    public synchronized long move(String vmId, VmState state) {
        return keep(vms.get(vmId).with(state));
    }

    /** From here on commits are kept but not told. */
    public synchronized void mute() {
        mute = true;
    }

    public synchronized MicroVm vm(String vmId) {
        return vms.get(vmId);
    }

    public synchronized long seq() {
        return log.size();
    }

    private synchronized Future<PutAnswer> put(PutJob wish) {
        var before = jobs.get(wish.jobId());
        try {
            wish.guard().check(wish.jobId(), before);
        } catch (RefusedException refused) {
            return Future.failedFuture(refused);
        }
        if (before != null && before.spec().equals(wish.spec())) {
            return Future.succeededFuture(new PutAnswer(before, false, false, List.of(), log.size()));
        }
        var generation = before == null ? 1 : before.generation() + 1;
        var job = new DesiredVm(
                wish.jobId(),
                wish.tenant(),
                wish.spec(),
                Samples.HASH,
                generation,
                wish.source(),
                Samples.NOW,
                Samples.NOW);
        jobs.put(job.jobId(), job);
        var events = new ArrayList<Event>();
        events.add(event(before == null ? EventType.JOB_CREATED : EventType.JOB_CHANGED, job.jobId(), null, Map.of()));
        var attached = new ArrayList<MicroVm>();
        for (var warm : vms.values().stream().filter(MicroVm::claimable).toList()) {
            if (before == null && attached.size() < wish.spec().replicas()) {
                var state = warm.phase() == Phase.PAUSED ? warm.state() : Samples.running();
                var vm = warm.with(Samples.owner(job.jobId(), attached.size()), state);
                vms.put(vm.vmId(), vm);
                attached.add(vm);
                events.add(event(
                        EventType.VM_ATTACHED,
                        job.jobId(),
                        vm.vmId(),
                        Map.of("from", text(warm.phase()), "to", text(vm.phase()))));
            }
        }
        var seq = commit(List.of(job), List.of(), attached, List.of(), events);
        return Future.succeededFuture(new PutAnswer(job, before == null, true, List.copyOf(attached), seq));
    }

    /** Without any consequence for VMs. */
    private synchronized Future<PutAnswer> steer(SteerJob steer) {
        var before = jobs.get(steer.jobId());
        if (before == null) {
            return noJob(steer.jobId());
        }
        var job = switch (steer.way()) {
            case START -> before.started(Samples.NOW);
            case STOP -> before.stopped(Samples.NOW);
            case RESTART -> before.renewed(Samples.NOW);
        };
        return Future.succeededFuture(new PutAnswer(job, false, true, List.of(), keep(job)));
    }

    private synchronized Future<Long> delete(DeleteJob key) {
        var job = jobs.remove(key.jobId());
        if (job == null) {
            return noJob(key.jobId());
        }
        return Future.succeededFuture(commit(
                List.of(),
                List.of(job),
                List.of(),
                List.of(),
                List.of(event(EventType.JOB_DELETED, job.jobId(), null, Map.of()))));
    }

    private synchronized Future<JobView> job(JobKey key) {
        var job = jobs.get(key.jobId());
        return job == null ? noJob(key.jobId()) : Future.succeededFuture(view(job));
    }

    private static <T> Future<T> noJob(String jobId) {
        return Future.failedFuture(Refusal.notFound("job_not_found", "job '" + jobId + "' does not exist")
                .asException());
    }

    private synchronized Future<MicroVm> instance(String vmId) {
        var vm = vms.get(vmId);
        return vm == null
                ? Future.failedFuture(Refusal.notFound("instance_not_found", "instance '" + vmId + "' does not exist")
                        .asException())
                : Future.succeededFuture(vm);
    }

    private synchronized Future<Page<JobView>> jobs(PageQuery query) {
        var items = after(jobs, query).map(this::view).limit(query.limit()).toList();
        var more = after(jobs, query).count() > query.limit();
        return Future.succeededFuture(
                new Page<>(items, more ? items.get(items.size() - 1).job().jobId() : null));
    }

    private synchronized Future<Page<MicroVm>> instances(PageQuery query) {
        var items = after(vms, query).limit(query.limit()).toList();
        var more = after(vms, query).count() > query.limit();
        return Future.succeededFuture(
                new Page<>(items, more ? items.get(items.size() - 1).vmId() : null));
    }

    private static <T> Stream<T> after(NavigableMap<String, T> all, PageQuery query) {
        return (query.after() == null ? all : all.tailMap(query.after(), false)).values().stream();
    }

    private synchronized List<Event> events(long since, int limit) {
        return log.stream().filter(event -> event.seq() > since).limit(limit).toList();
    }

    private synchronized Stats stats() {
        var phases = new EnumMap<Phase, Integer>(Phase.class);
        vms.values().forEach(vm -> phases.merge(vm.phase(), 1, Integer::sum));
        var warm = (int) vms.values().stream().filter(MicroVm::claimable).count();
        var pool = new Stats.PoolView(Samples.HASH, jobs.size(), WarmPool.NONE, warm, 0, null, null);
        return new Stats(
                log.size(), phases, jobs.values().stream().map(this::view).toList(), List.of(pool));
    }

    private JobView view(DesiredVm job) {
        return new JobView(
                job,
                vms.values().stream()
                        .filter(vm -> vm.owner() != null && vm.owner().jobId().equals(job.jobId()))
                        .toList(),
                retries.values().stream()
                        .filter(retry -> retry.key().startsWith("job/" + job.jobId() + "/"))
                        .toList());
    }

    private Event event(EventType type, String jobId, String vmId, Map<String, Object> facts) {
        return new Event(0, Samples.NOW, type, jobId, jobId, vmId, new LinkedHashMap<>(facts));
    }

    private long commit(
            List<DesiredVm> jobs,
            List<DesiredVm> jobsGone,
            List<MicroVm> vms,
            List<Retry> retries,
            List<Event> events) {
        var numbered = new ArrayList<Event>();
        for (var event : events) {
            numbered.add(new Event(
                    log.size() + 1L + numbered.size(),
                    event.at(),
                    event.type(),
                    event.tenant(),
                    event.jobId(),
                    event.vmId(),
                    event.data()));
        }
        log.addAll(numbered);
        if (!mute) {
            bus.publish(
                    Address.COMMITTED,
                    new Changes(jobs, jobsGone, List.copyOf(vms), List.of(), retries, List.of(), numbered));
        }
        return log.size();
    }

    private static String text(Phase phase) {
        return phase.name().toLowerCase(Locale.ROOT);
    }
}
