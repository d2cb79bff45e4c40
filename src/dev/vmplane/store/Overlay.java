package dev.vmplane.store;

import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.Event;
import dev.vmplane.model.EventType;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Retry;
import dev.vmplane.model.WarmPool;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The ledger with the changes of one transaction on top: reads see them, the ledger does not until they are committed.
 * A null in one of the maps is a row that is gone.
 */
final class Overlay {
    private final Ledger ledger;
    private final Instant now;
    private final Map<String, DesiredVm> jobs = new LinkedHashMap<>();
    private final Map<String, MicroVm> vms = new LinkedHashMap<>();
    private final Map<String, Retry> retries = new LinkedHashMap<>();
    private final List<Event> events = new ArrayList<>();
    private final BitSet promisedAddresses = new BitSet();

    Overlay(Ledger ledger, Instant now) {
        this.ledger = ledger;
        this.now = now;
    }

    DesiredVm job(String jobId) {
        return jobs.containsKey(jobId) ? jobs.get(jobId) : ledger.job(jobId);
    }

    MicroVm vm(String vmId) {
        return vms.containsKey(vmId) ? vms.get(vmId) : ledger.vm(vmId);
    }

    Retry retry(String key) {
        return retries.containsKey(key) ? retries.get(key) : ledger.retry(key);
    }

    /** VMs a job owns or owned, ended ones included. */
    List<MicroVm> vmsOf(String jobId) {
        return here(ledger.vmsOf(jobId).stream())
                .filter(vm -> vm.owner() != null && vm.owner().jobId().equals(jobId))
                .toList();
    }

    /** VMs of a hash without an owner and not leaving, the oldest first. */
    Stream<MicroVm> unowned(String specHash) {
        return here(ledger.unowned(specHash).stream())
                .filter(vm -> vm.owner() == null && vm.specHash().equals(specHash))
                .filter(vm -> !vm.phase().leaving());
    }

    /** Whether a VM of the job's present hash fills that replica, or is on its way to. */
    boolean filled(DesiredVm job, int replica) {
        return vmsOf(job.jobId()).stream()
                .anyMatch(vm -> vm.owner().replica() == replica
                        && vm.specHash().equals(job.specHash())
                        && !vm.phase().leaving());
    }

    WarmPool bounds(String specHash) {
        return jobs.isEmpty()
                ? ledger.bounds(specHash)
                : jobsOf(specHash).map(job -> job.spec().warmPool()).reduce(WarmPool.NONE, WarmPool::union);
    }

    /** One of the jobs that want a hash, or null. */
    DesiredVm anyJobOf(String specHash) {
        return jobsOf(specHash).findFirst().orElse(null);
    }

    private Stream<DesiredVm> jobsOf(String specHash) {
        return Stream.concat(
                ledger.jobsOf(specHash).stream().filter(job -> !jobs.containsKey(job.jobId())),
                jobs.values().stream()
                        .flatMap(Stream::ofNullable)
                        .filter(job -> job.specHash().equals(specHash)));
    }

    /** One that nobody has, or nothing: freed addresses go to those who wait for one first. */
    Optional<String> freeAddress() {
        return ledger.unaddressed().isEmpty() ? nextAddress() : Optional.empty();
    }

    Optional<String> nextAddress() {
        return ledger.addresses().next(promisedAddresses);
    }

    /** Rows that wait for an address, in the order in which they get one. */
    List<MicroVm> unaddressed() {
        return ledger.unaddressed().stream()
                .map(vm -> vm(vm.vmId()))
                .filter(vm -> vm != null && vm.address() == null)
                .toList();
    }

    void put(DesiredVm job) {
        jobs.put(job.jobId(), job);
    }

    void remove(DesiredVm job) {
        jobs.put(job.jobId(), null);
    }

    void put(MicroVm vm) {
        vms.put(vm.vmId(), vm);
    }

    void remove(MicroVm vm) {
        vms.put(vm.vmId(), null);
    }

    void put(Retry retry) {
        retries.put(retry.key(), retry);
    }

    void forgetRetry(String key) {
        if (retry(key) != null) {
            retries.put(key, null);
        }
    }

    void tell(EventType type, DesiredVm job, Map<String, Object> data) {
        events.add(new Event(seq() + 1, now, type, job.tenant(), job.jobId(), null, data));
    }

    void tell(EventType type, MicroVm vm, Map<String, Object> data) {
        var owner = vm.owner();
        events.add(new Event(
                seq() + 1,
                now,
                type,
                owner == null ? null : owner.tenant(),
                owner == null ? null : owner.jobId(),
                vm.vmId(),
                data));
    }

    /** The number of the last event, this transaction's included. */
    long seq() {
        return ledger.seq() + events.size();
    }

    Changes changes() {
        return new Changes(
                present(jobs),
                gone(jobs).map(ledger::job).flatMap(Stream::ofNullable).toList(),
                present(vms),
                gone(vms).map(ledger::vm).flatMap(Stream::ofNullable).toList(),
                present(retries),
                gone(retries).toList(),
                List.copyOf(events));
    }

    /** VMs as they are here: those of the ledger this transaction has not touched, then all it has. */
    private Stream<MicroVm> here(Stream<MicroVm> known) {
        return Stream.concat(
                known.filter(vm -> !vms.containsKey(vm.vmId())),
                vms.values().stream().flatMap(Stream::ofNullable));
    }

    private static <T> List<T> present(Map<String, T> rows) {
        return rows.values().stream().flatMap(Stream::ofNullable).toList();
    }

    private static Stream<String> gone(Map<String, ?> rows) {
        return rows.entrySet().stream().filter(row -> row.getValue() == null).map(Map.Entry::getKey);
    }
}
