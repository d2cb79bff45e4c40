package dev.vmplane.network;

import dev.vmplane.host.network.Rights;
import dev.vmplane.model.Allow;
import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.MicroVm;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToIntFunction;

/**
 * Knows of every VM what it may do on the network, and of every tenant which names its VMs can ask for. It follows
 * committed facts. A change costs what the VMs of the tenants it names cost, however many others there are.
 *
 * <p>VMs of one tenant may connect to one another. Everything else is an exception that a spec asks for; those that
 * concern the host hold only while its operator grants them. A VM that waits to be attached is of no tenant, unless it
 * was booted for one alone.
 */
final class NetworkPolicy {
    /** Stands for the tenant of VMs that have none yet. No tenant can be called so. */
    static final String NOBODY = "_nobody";

    private final Set<Allow> grants;
    private final Map<String, DesiredVm> jobs = new HashMap<>();
    private final Map<String, MicroVm> vms = new HashMap<>();
    private final Map<String, SortedMap<String, MicroVm>> vmsByTenant = new HashMap<>();
    /** Numbers of tenants. None is ever given to another: sets in the kernel may still hold it. */
    private final Map<String, Integer> numbers = new HashMap<>();

    /** @param grants exceptions concerning the host that specs may ask for */
    NetworkPolicy(Collection<Allow> grants) {
        this.grants = Set.copyOf(grants);
    }

    /** Whose rights and whose names are to be looked at again. */
    record Touched(Set<String> vmIds, Set<String> tenants) {}

    /** Becomes what these say. */
    void load(List<DesiredVm> allJobs, List<MicroVm> allVms) {
        jobs.clear();
        vms.clear();
        vmsByTenant.clear();
        allJobs.forEach(job -> jobs.put(job.jobId(), job));
        allVms.forEach(vm -> put(vm, new HashSet<>()));
    }

    Touched apply(Changes changes) {
        var vmIds = new HashSet<String>();
        var tenants = new HashSet<String>();
        for (var job : changes.jobsGone()) {
            jobs.remove(job.jobId());
            vmIds.addAll(vmsOf(job));
        }
        for (var job : changes.jobs()) {
            jobs.put(job.jobId(), job);
            vmIds.addAll(vmsOf(job));
        }
        for (var vm : changes.vmsGone()) {
            vmIds.add(vm.vmId());
            remove(vm.vmId(), tenants);
        }
        for (var vm : changes.vms()) {
            vmIds.add(vm.vmId());
            put(vm, tenants);
        }
        return new Touched(vmIds, tenants);
    }

    Set<String> vmIds() {
        return Set.copyOf(vms.keySet());
    }

    /** The tenants that have VMs here, {@link #NOBODY} among them when some VMs have none. */
    Set<String> tenants() {
        return Set.copyOf(vmsByTenant.keySet());
    }

    /** The ids of a tenant's VMs. */
    Set<String> vmsOf(String tenant) {
        return Set.copyOf(vmsByTenant.getOrDefault(tenant, new TreeMap<>()).keySet());
    }

    /**
     * What a VM may do, or null when there is no such VM.
     *
     * @param resolverPorts where a tenant's questions for names are answered, or 0
     */
    Rights rights(String vmId, ToIntFunction<String> resolverPorts) {
        var vm = vms.get(vmId);
        if (vm == null) {
            return null;
        }
        var resolver = resolverPorts.applyAsInt(tenantOf(vm));
        if (tenantOf(vm).equals(NOBODY)) {
            return new Rights(vm.address(), 0, Set.of(), Set.of(), false, resolver);
        }
        var own = number(tenantOf(vm));
        var peers = new TreeSet<>(Set.of(own));
        var hostPorts = new HashSet<Allow.ToHost>();
        var metadata = false;
        for (var allow : allowed(vm)) {
            if (allow instanceof Allow.FromTenant from) {
                peers.add(number(from.tenant()));
            } else if (grants.contains(allow) && allow instanceof Allow.ToHost port) {
                hostPorts.add(port);
            } else if (grants.contains(allow) && allow instanceof Allow.ToMetadata) {
                metadata = true;
            }
        }
        return new Rights(vm.address(), own, peers, hostPorts, metadata, resolver);
    }

    /** The addresses that stand for each job of a tenant: those of its VMs that run in good health. */
    SortedMap<String, Set<String>> names(String tenant) {
        var names = new TreeMap<String, Set<String>>();
        if (!tenant.equals(NOBODY)) {
            for (var vm : vmsByTenant.getOrDefault(tenant, new TreeMap<>()).values()) {
                if (vm.serving()) {
                    names.computeIfAbsent(vm.owner().jobId(), first -> new TreeSet<>())
                            .add(vm.address());
                }
            }
        }
        return names;
    }

    /**
     * What the job asks for now. One that has gone, or come back as another tenant's, asks for nothing, and so does a VM
     * that is warm within its tenant's walls.
     */
    private List<Allow> allowed(MicroVm vm) {
        if (vm.owner() == null) {
            return List.of();
        }
        var job = jobs.get(vm.owner().jobId());
        return job == null || !job.tenant().equals(vm.owner().tenant())
                ? List.of()
                : job.spec().allow();
    }

    private Set<String> vmsOf(DesiredVm job) {
        var found = new HashSet<String>();
        for (var vm : vmsByTenant.getOrDefault(job.tenant(), new TreeMap<>()).values()) {
            if (vm.owner() != null && vm.owner().jobId().equals(job.jobId())) {
                found.add(vm.vmId());
            }
        }
        return found;
    }

    private void put(MicroVm vm, Set<String> tenants) {
        remove(vm.vmId(), tenants);
        if (!vm.phase().ended()) {
            vms.put(vm.vmId(), vm);
            vmsByTenant.computeIfAbsent(tenantOf(vm), first -> new TreeMap<>()).put(vm.vmId(), vm);
            tenants.add(tenantOf(vm));
        }
    }

    private void remove(String vmId, Set<String> tenants) {
        var before = vms.remove(vmId);
        if (before != null) {
            var tenant = tenantOf(before);
            tenants.add(tenant);
            vmsByTenant.computeIfPresent(tenant, (same, theirs) -> {
                theirs.remove(vmId);
                return theirs.isEmpty() ? null : theirs;
            });
        }
    }

    private static String tenantOf(MicroVm vm) {
        if (vm.owner() != null) {
            return vm.owner().tenant();
        }
        return vm.boot().tenant() == null ? NOBODY : vm.boot().tenant();
    }

    private int number(String tenant) {
        return numbers.computeIfAbsent(tenant, unknown -> numbers.size() + 1);
    }
}
