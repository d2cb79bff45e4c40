package dev.vmplane.host.network;

import dev.vmplane.host.HostException;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one writer of the host's {@link Ruleset}. It holds what should stand, VM by VM, and what it has put there; a change
 * makes the one like the other. A VM has its {@link Rights} for as long as it has its {@link Port} and no longer, however
 * late anybody hears that it has ended: an address that goes to another VM brings nothing along.
 */
public final class Walls {
    private static final Logger LOG = LoggerFactory.getLogger(Walls.class);

    /** Stands for all VMs where a VM's id is expected. */
    private static final String EVERYTHING = "";

    private final Ruleset ruleset;
    private final Kernel kernel;
    private final Batches<String> batches;
    private final Map<String, Port> ports = new HashMap<>();
    private final Map<String, Rights> rights = new HashMap<>();
    /** Names of taps that no VM has and that nothing may come out of. */
    private final Set<String> strays = new HashSet<>();
    /** What the kernel has by VM; only a run touches it, and there is one at a time. */
    private final Map<String, Set<Element>> standing = new HashMap<>();

    Walls(Vertx vertx, WorkerExecutor worker, Ruleset ruleset, HostTool nft) {
        this.ruleset = ruleset;
        this.kernel = new Kernel(nft, ruleset.name());
        this.batches = new Batches<>(vertx, worker, this::apply);
    }

    /** Completes when {@code port} can carry what it may and nothing else. */
    Future<Void> open(Port port) {
        synchronized (this) {
            ports.put(port.vmId(), port);
            strays.remove(port.vmId());
        }
        return batches.add(port.vmId());
    }

    /** Completes when nothing of the VM's port and its rights is left. */
    Future<Void> close(String vmId) {
        synchronized (this) {
            ports.remove(vmId);
            strays.remove(vmId);
        }
        return batches.add(vmId);
    }

    /** The VMs that have anything here. */
    synchronized Set<String> open() {
        return Set.copyOf(ports.keySet());
    }

    /** Takes the VM's rights to be these from now on; null for none. */
    public Future<Void> grant(String vmId, Rights wished) {
        synchronized (this) {
            if (wished == null) {
                rights.remove(vmId);
            } else {
                rights.put(vmId, wished);
            }
            if (!ports.containsKey(vmId)) {
                return Future.succeededFuture();
            }
        }
        return batches.add(vmId);
    }

    /**
     * Puts everything there anew, as after a restart: what was there before stands until the moment it does.
     *
     * @param strays taps there are that belong to none of the ports
     */
    public Future<Void> raise(Collection<Port> ports, Map<String, Rights> rights, Set<String> strays) {
        synchronized (this) {
            this.ports.clear();
            ports.forEach(port -> this.ports.put(port.vmId(), port));
            this.rights.clear();
            this.rights.putAll(rights);
            this.strays.clear();
            this.strays.addAll(strays);
        }
        return batches.add(EVERYTHING);
    }

    /** Looks whether the kernel still has what was put there, and puts it there again if not. */
    public Future<Void> repair() {
        return batches.add(EVERYTHING);
    }

    private Map<String, HostException> apply(List<String> vmIds) throws IOException, InterruptedException {
        Map<String, HostException> failures = new HashMap<>();
        if (vmIds.contains(EVERYTHING) && !stands() && !rewrite()) {
            failures.put(EVERYTHING, failure("the walls around VMs cannot be put up"));
        }
        if (!change(vmIds) && !rewrite()) {
            for (var vmId : vmIds) {
                if (!change(List.of(vmId))) {
                    refuse(vmId, failures);
                }
            }
        }
        return failures;
    }

    /** Whether the kernel has what was put there, no less and no more. */
    private boolean stands() throws IOException, InterruptedException {
        var found = kernel.elements();
        return kernel.untouched() && found.equals(all(standing.values()));
    }

    /** Changes what stands for some VMs in one transaction; whether that went well. */
    private boolean change(List<String> vmIds) throws IOException, InterruptedException {
        var wished = new HashMap<String, Set<Element>>();
        var before = new HashSet<Element>();
        synchronized (this) {
            vmIds.forEach(vmId -> wished.put(vmId, wished(vmId)));
        }
        vmIds.forEach(vmId -> before.addAll(standing.getOrDefault(vmId, Set.of())));
        var script = ruleset.change(before, all(wished.values()));
        if (!script.isEmpty() && !kernel.run(script)) {
            return false;
        }
        wished.forEach(this::stands);
        return true;
    }

    private boolean rewrite() throws IOException, InterruptedException {
        Map<String, Set<Element>> wished;
        synchronized (this) {
            var vmIds = new TreeSet<>(ports.keySet());
            vmIds.addAll(strays);
            wished = vmIds.stream().collect(Collectors.toMap(vmId -> vmId, this::wished));
        }
        if (!kernel.run(ruleset.whole(all(wished.values())))) {
            return false;
        }
        kernel.remember();
        LOG.atInfo().addKeyValue("vms", wished.size()).log("network walls written");
        standing.clear();
        wished.forEach(this::stands);
        return true;
    }

    private void stands(String vmId, Set<Element> elements) {
        if (elements.isEmpty()) {
            standing.remove(vmId);
        } else {
            standing.put(vmId, elements);
        }
    }

    private Set<Element> wished(String vmId) {
        var port = ports.get(vmId);
        if (port == null) {
            return strays.contains(vmId) ? Set.of(Port.closed(vmId)) : Set.of();
        }
        var elements = new HashSet<>(port.elements());
        var granted = rights.get(vmId);
        if (granted != null && granted.address().equals(port.address())) {
            elements.addAll(granted.elements());
        }
        return elements;
    }

    /** What cannot be put there must not keep others from being put there with the next change. */
    private synchronized void refuse(String vmId, Map<String, HostException> failures) {
        ports.remove(vmId);
        failures.put(vmId, failure("vm " + vmId + " cannot be walled off"));
    }

    private HostException failure(String what) {
        return new HostException(ReasonCode.NETWORK_FAILED, what + ": nft says " + kernel.complaint(), null);
    }

    private static Set<Element> all(Collection<Set<Element>> sets) {
        return sets.stream().flatMap(Set::stream).collect(Collectors.toSet());
    }
}
