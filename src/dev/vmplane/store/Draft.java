package dev.vmplane.store;

import dev.vmplane.bus.Address.DeleteJob;
import dev.vmplane.bus.Address.Moved;
import dev.vmplane.bus.Address.PutAnswer;
import dev.vmplane.bus.Address.PutJob;
import dev.vmplane.bus.Address.SteerJob;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.EventType;
import dev.vmplane.model.Intents;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Owner;
import dev.vmplane.model.Reason;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.Retry;
import dev.vmplane.model.SpecHash;
import dev.vmplane.model.VmState;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeKey;
import dev.vmplane.model.VolumeView;
import dev.vmplane.model.WarmPool;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The rules about rows, applied to one transaction in the making. Because there is one writer, each holds for the whole
 * fleet: a warm VM is claimed by one job, a replica has one routed VM, a pool never exceeds its max.
 *
 * <p>An operation checks everything before it changes anything, so that one that is refused leaves the draft as it was.
 */
public final class Draft {
    private final Overlay rows;
    private final Volumes volumes;
    private final Images images;
    private final Lives lives;
    private final Claims claims;
    private final Answers answers;
    private final Rules rules;
    private final Instant now;
    private final Supplier<String> vmIds;

    /** @param vmIds gives an id nobody has had each time it is asked */
    public Draft(Ledger ledger, Rules rules, Instant now, Supplier<String> vmIds) {
        this.rows = new Overlay(ledger, now);
        this.volumes = new Volumes(rows, rules, now, vmIds);
        this.images = new Images(rows, rules, now);
        this.lives = new Lives(rows, volumes, rules, now);
        this.claims = new Claims(rows, lives, now);
        this.answers = new Answers(ledger.done(), rows, now);
        this.rules = rules;
        this.now = now;
        this.vmIds = vmIds;
    }

    public Changes changes() {
        return rows.changes();
    }

    public PutAnswer putJob(PutJob put) {
        return answers.once(put.once(), () -> wish(put));
    }

    private PutAnswer wish(PutJob put) {
        var known = rows.job(put.jobId());
        if (known != null) {
            refuseTakeover(known, put);
        }
        put.guard().check(put.jobId(), known);
        var run = put.starts() || known == null || known.run();
        if (known != null && known.spec().equals(put.spec()) && known.run() == run) {
            return new PutAnswer(known, false, false, List.of(), rows.seq());
        }
        images.refuseMisfits(put);
        volumes.refuseMisfits(put);
        return change(known, wished(put, known, run));
    }

    /** Somebody wants a job to run, or not to, or to begin anew. Whoever declared it says what it is, not this. */
    public PutAnswer steerJob(SteerJob steer) {
        return answers.once(steer.once(), () -> lead(steer));
    }

    private PutAnswer lead(SteerJob steer) {
        var known = known(steer.jobId(), steer.tenant());
        steer.guard().check(steer.jobId(), known);
        var next = switch (steer.way()) {
            case START -> known.run() ? known : known.started(now);
            case STOP -> known.run() ? known.stopped(now) : known;
            case RESTART -> known.renewed(now);
        };
        return next.equals(known) ? new PutAnswer(known, false, false, List.of(), rows.seq()) : change(known, next);
    }

    private PutAnswer change(DesiredVm known, DesiredVm job) {
        rows.put(job);
        rows.tell(
                known == null ? EventType.JOB_CREATED : EventType.JOB_CHANGED,
                job,
                known == null ? JobFacts.of(job) : JobFacts.changed(known, job));
        volumes.declare(job);
        var anew = known == null || beginsAnew(known, job);
        if (known != null) {
            forgetRetries(known, anew ? 0 : job.replicas());
        }
        if (known != null && !known.specHash().equals(job.specHash())) {
            forgetPoolOf(known);
        } else if (known != null && !known.spec().restart().equals(job.spec().restart())) {
            reviseVerdicts(job);
        }
        if (!job.run()) {
            var reason = new Reason(ReasonCode.JOB_STOPPED, "the job was stopped");
            rows.vmsOf(job.jobId()).forEach(vm -> lives.retire(vm, reason));
        }
        // A crashed VM of an unchanged hash waits out its backoff; whoever only changes a label does not end the wait.
        var attached = anew ? claimForAll(job) : List.<MicroVm>of();
        return new PutAnswer(job, known == null, true, attached, rows.seq());
    }

    /** Whether VMs are wanted that have not to do with how those fared that the job had. */
    private static boolean beginsAnew(DesiredVm known, DesiredVm job) {
        return !known.specHash().equals(job.specHash())
                || known.run() != job.run()
                || known.restarted() != job.restarted();
    }

    /** What was not to be started again is tried at once where the new restart policy would have allowed it. */
    private void reviseVerdicts(DesiredVm job) {
        IntStream.range(0, job.replicas())
                .mapToObj(replica -> rows.retry(Retry.ofReplica(job.jobId(), replica)))
                .filter(retry -> retry != null && !RestartRule.stands(retry, job.spec()))
                .forEach(retry -> lives.remember(retry.dueAt(now), job));
    }

    private static void refuseTakeover(DesiredVm known, PutJob put) {
        if (!known.tenant().equals(put.tenant())) {
            throw conflict(
                    "job_id_taken", "job '" + put.jobId() + "' belongs to another tenant: choose another job_id");
        }
        if (known.source() != put.source()) {
            throw conflict(
                    "other_source",
                    switch (known.source()) {
                        case FILE ->
                            "job '" + put.jobId() + "' is declared in the file of desired VMs: change it there";
                        case API -> "job '" + put.jobId() + "' was made through the API: delete it there first";
                    });
        }
    }

    private DesiredVm wished(PutJob put, DesiredVm known, boolean run) {
        return new DesiredVm(
                put.jobId(),
                put.tenant(),
                put.spec(),
                SpecHash.of(put.spec().boot()),
                known == null ? 1 : known.generation() + 1,
                put.source(),
                run,
                known == null ? 0 : known.restarted(),
                known == null ? now : known.createdAt(),
                now);
    }

    /** Takes what is warm already, so that the answer to a wish can say that it is live. */
    private List<MicroVm> claimForAll(DesiredVm job) {
        return IntStream.range(0, job.replicas())
                .mapToObj(replica -> claims.claim(job, replica))
                .flatMap(Optional::stream)
                .toList();
    }

    public long deleteJob(DeleteJob delete) {
        answers.once(delete.once(), delete.jobId(), delete.answer(), () -> {
            var job = known(delete.jobId(), delete.tenant());
            delete.guard().check(delete.jobId(), job);
            end(job, JobFacts.of(job), "the job was deleted");
        });
        return rows.seq();
    }

    /** Writes that are done once, and their answers. */
    public Answers answers() {
        return answers;
    }

    /** The job, if that tenant has it; null for whoever has it. */
    private DesiredVm known(String jobId, String tenant) {
        var job = rows.job(jobId);
        if (job == null || (tenant != null && !tenant.equals(job.tenant()))) {
            throw Refusal.notFound("job_not_found", "job '" + jobId + "' does not exist")
                    .asException();
        }
        return job;
    }

    /** A job that has ended has been remembered for as long as it asked for. */
    private void expire(Intents.Expire expire) {
        var job = rows.job(expire.jobId());
        if (job == null || job.generation() != expire.generation()) {
            return;
        }
        var view = new JobView(job, rows.vmsOf(job.jobId()), rows.retriesOf(job));
        if (view.expiresAt().filter(end -> !end.isAfter(now)).isPresent()) {
            end(job, JobFacts.expired(job), "the job had ended and was remembered long enough");
        }
    }

    private void end(DesiredVm job, Map<String, Object> facts, String why) {
        rows.remove(job);
        rows.tell(EventType.JOB_DELETED, job, facts);
        forgetRetries(job, 0);
        forgetPoolOf(job);
        var reason = new Reason(ReasonCode.DELETED, why);
        for (var vm : rows.vmsOf(job.jobId())) {
            if (vm.released()) {
                lives.forget(vm);
            } else {
                lives.retire(vm, reason);
            }
        }
    }

    /** Carries out what still fits the world: a reconciler decides on what it saw a moment ago. */
    public long intend(Intents intents) {
        for (var retire : intents.retire()) {
            var vm = rows.vm(retire.vmId());
            // A warm VM that was to go for want of room, and was claimed meanwhile, is somebody's.
            var spared = retire.reason().code().warmOnly() && vm != null && vm.owner() != null;
            if (vm != null && !spared) {
                lives.retire(vm, retire.reason());
            }
        }
        intents.place().forEach(this::place);
        intents.warm().forEach(this::warm);
        intents.pause().forEach(this::pause);
        intents.expire().forEach(this::expire);
        return rows.seq();
    }

    /** A fact from the VM itself, see {@link Lives#moved}. */
    public MicroVm moved(Moved moved) {
        return lives.moved(moved);
    }

    /** Nothing of an ended VM is left on the host: its address may go to another. */
    public long released(String vmId) {
        lives.released(vmId);
        return rows.seq();
    }

    /** Gives free addresses to the rows that wait for one. */
    public long lendAddresses() {
        for (var vm : rows.unaddressed()) {
            var address = rows.nextAddress();
            if (address.isEmpty()) {
                break;
            }
            lives.addressed(vm, address.get());
        }
        return rows.seq();
    }

    /** What is asked and told of images. */
    public Images images() {
        return images;
    }

    /** Somebody wants a volume to end, see {@link Volumes#delete}. */
    public VolumeView deleteVolume(VolumeKey key) {
        return volumes.delete(key);
    }

    /** The file of a volume that was to go is gone. */
    public long volumeRemoved(Volume volume) {
        volumes.removed(volume);
        return rows.seq();
    }

    /** Forgets ended VMs that were kept long enough. */
    public long forgetOld(List<String> vmIds) {
        lives.forgetOld(vmIds);
        return rows.seq();
    }

    private void place(Intents.Place place) {
        var job = rows.job(place.jobId());
        if (job == null || job.generation() != place.generation() || place.replica() >= job.replicas()) {
            return;
        }
        if (rows.filled(job, place.replica())
                || claims.claim(job, place.replica()).isPresent()) {
            return;
        }
        var free = volumes.freeFor(job);
        if (free.isEmpty() || !images.ready(job)) {
            return;
        }
        var owner = Claims.ownerOf(job, place.replica());
        if (!claims.claimEarly(job, owner)) {
            create(job.specHash(), job, owner, free.get());
        }
        if (job.warmPool().max() > 0) {
            rows.tell(EventType.POOL_MISS, job, JobFacts.of(job));
        }
    }

    private void warm(Intents.Warm warm) {
        var room = rows.bounds(warm.specHash()).max()
                - rows.unowned(warm.specHash()).count();
        var job = rows.anyJobOf(warm.specHash());
        for (var n = 0; job != null && images.ready(job) && n < Math.min(warm.count(), room); n++) {
            create(warm.specHash(), job, null, List.of());
        }
    }

    /** Stops the CPUs of a VM that nobody has. */
    private void pause(String vmId) {
        var vm = rows.vm(vmId);
        if (vm != null
                && vm.owner() == null
                && vm.state() instanceof VmState.Warm warm
                && rows.bounds(vm.specHash()).mode() == WarmPool.Mode.PAUSED) {
            lives.enter(vm, warm.toPaused(now));
        }
    }

    private void create(String specHash, DesiredVm like, Owner owner, List<String> volumeIds) {
        var address = rows.freeAddress();
        var vm = new MicroVm(
                vmIds.get(),
                rules.node(),
                specHash,
                like.spec().boot(),
                owner,
                new VmState.Pending(now, address.isPresent() ? null : Addresses.exhausted()),
                address.orElse(null),
                volumeIds,
                now,
                false);
        rows.put(vm);
        rows.tell(EventType.VM_CREATED, vm, VmFacts.created(vm));
        volumes.attached(vm);
    }

    private void forgetRetries(DesiredVm job, int fromReplica) {
        IntStream.range(fromReplica, job.spec().replicas())
                .forEach(replica -> rows.forgetRetry(Retry.ofReplica(job.jobId(), replica)));
    }

    /** The last job of a hash takes the pool's failures with it. */
    private void forgetPoolOf(DesiredVm job) {
        if (rows.anyJobOf(job.specHash()) == null) {
            rows.forgetRetry(Retry.ofPool(job.specHash()));
        }
    }

    static RefusedException conflict(String code, String message) {
        return new Refusal(Refusal.Kind.CONFLICT, code, null, message).asException();
    }
}
