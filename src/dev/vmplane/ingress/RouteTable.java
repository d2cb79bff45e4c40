package dev.vmplane.ingress;

import dev.vmplane.model.Changes;
import dev.vmplane.model.DesiredVm;
import dev.vmplane.model.JobView;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Stats;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Knows for every host name which job it leads to, and for every job which microVMs may get its requests: those that
 * are attached to it, RUNNING and healthy, and only if it is a service. It follows committed facts by {@code seq} and
 * nothing else, so what it says was true of the store at {@link #applied()}.
 *
 * <p>One thread writes, any thread reads. A change costs what the jobs it names cost, however many others there are.
 */
public final class RouteTable {
    private final Map<String, Route> routes = new ConcurrentHashMap<>();
    private final Map<String, Backend> backends = new ConcurrentHashMap<>();
    private final HostClaims hosts = new HostClaims();
    private final Map<String, DesiredVm> jobs = new HashMap<>();
    private final Map<String, Map<String, MicroVm>> vmsByJob = new HashMap<>();
    private volatile long applied;

    /** What became of a {@link #apply}. */
    public enum Step {
        APPLIED,
        /** The table had it already. */
        KNOWN,
        /** Something before it never arrived: the table must be loaded again. */
        GAP
    }

    /** How far the log this table has followed. */
    public long applied() {
        return applied;
    }

    /** The requests under way to a VM, whether it still gets new ones or not. */
    public int outstanding(String vmId) {
        var backend = backends.get(vmId);
        return backend == null ? 0 : backend.outstanding();
    }

    /**
     * The job that a request with this Host header is for: the one that has exactly that host name, else the one whose
     * id is the first label of it.
     */
    Optional<Route> find(String hostHeader) {
        var host = name(hostHeader);
        var holder = hosts.holder(host);
        if (holder != null) {
            return Optional.ofNullable(routes.get(holder));
        }
        var dot = host.indexOf('.');
        return dot < 0 ? Optional.empty() : Optional.ofNullable(routes.get(host.substring(0, dot)));
    }

    /** Becomes what {@code world} says. Requests under way stay counted. */
    public void load(Stats world) {
        var known = world.jobs().stream().map(view -> view.job().jobId()).collect(Collectors.toSet());
        for (var gone : List.copyOf(jobs.values())) {
            if (!known.contains(gone.jobId())) {
                remove(gone);
            }
        }
        vmsByJob.clear();
        world.jobs().forEach(this::put);
        Set.copyOf(routes.keySet()).forEach(this::refresh);
        var present =
                vmsByJob.values().stream().flatMap(vms -> vms.keySet().stream()).collect(Collectors.toSet());
        backends.values().removeIf(backend -> !present.contains(backend.vmId()) && backend.outstanding() == 0);
        applied = world.seq();
    }

    /** Follows one commit, unless one before it is missing. */
    public Step apply(Changes changes) {
        if (changes.isEmpty() || changes.seq() <= applied) {
            return Step.KNOWN;
        }
        if (changes.events().get(0).seq() > applied + 1) {
            return Step.GAP;
        }
        var touched = new HashSet<String>();
        changes.jobsGone().forEach(this::remove);
        changes.jobs().forEach(job -> touched.add(put(job)));
        changes.vms().stream().filter(vm -> vm.owner() != null).forEach(vm -> touched.add(put(vm)));
        changes.vmsGone().stream().filter(vm -> vm.owner() != null).forEach(vm -> touched.add(remove(vm)));
        touched.forEach(this::refresh);
        applied = changes.seq();
        return Step.APPLIED;
    }

    private void put(JobView view) {
        put(view.job());
        view.instances().forEach(this::put);
    }

    private String put(DesiredVm job) {
        var before = jobs.put(job.jobId(), job);
        if (before != null) {
            hosts.free(before);
        }
        if (routable(job)) {
            hosts.claim(job);
            routes.computeIfAbsent(job.jobId(), Route::new);
        } else {
            unroute(job);
        }
        return job.jobId();
    }

    private void remove(DesiredVm job) {
        var before = jobs.remove(job.jobId());
        if (before != null) {
            hosts.free(before);
            unroute(before);
        }
    }

    private void unroute(DesiredVm job) {
        var route = routes.remove(job.jobId());
        if (route != null) {
            route.serveFrom(List.of());
        }
    }

    private String put(MicroVm vm) {
        if (vm.phase().ended()) {
            return remove(vm);
        }
        var jobId = vm.owner().jobId();
        vmsByJob.computeIfAbsent(jobId, first -> new TreeMap<>()).put(vm.vmId(), vm);
        return jobId;
    }

    private String remove(MicroVm vm) {
        var jobId = vm.owner().jobId();
        vmsByJob.computeIfPresent(jobId, (id, vms) -> {
            vms.remove(vm.vmId());
            return vms.isEmpty() ? null : vms;
        });
        backends.remove(vm.vmId());
        return jobId;
    }

    private void refresh(String jobId) {
        var route = routes.get(jobId);
        if (route != null) {
            route.serveFrom(vmsByJob.getOrDefault(jobId, Map.of()).values().stream()
                    .filter(MicroVm::serving)
                    .map(vm -> backends.computeIfAbsent(vm.vmId(), first -> new Backend(vm)))
                    .toList());
        }
    }

    private static boolean routable(DesiredVm job) {
        return switch (job.spec().lifecycle()) {
            case SERVICE -> true;
            case DAEMON, JOB -> false;
        };
    }

    private static String name(String hostHeader) {
        var colon = hostHeader.lastIndexOf(':');
        var host = colon < 0 ? hostHeader : hostHeader.substring(0, colon);
        return host.toLowerCase(Locale.ROOT);
    }
}
