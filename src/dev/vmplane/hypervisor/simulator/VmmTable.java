package dev.vmplane.hypervisor.simulator;

import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The simulated processes there are, by VM and by number, and the ends of those there were. Lives on one event loop. */
final class VmmTable {
    private static final int MAX_ENDS_KEPT = 16_384;

    private final Vertx vertx;
    private final WorkerExecutor files;
    private final int capacity;
    private final SimulatedAgents agents;
    private final Runnable ended;
    private final Map<String, SimulatedVmm> byVm = new LinkedHashMap<>();
    private final Map<Long, SimulatedVmm> byNumber = new HashMap<>();
    private final Set<SocketAddress> taken = new HashSet<>();
    private final EndLog ends = new EndLog(MAX_ENDS_KEPT);
    private JsonObject defaults = new JsonObject();
    private long newest;

    /**
     * An empty table.
     *
     * @param firstNumber above every number that was ever given, by this simulator or one before it
     * @param agentSocket where whoever speaks with an agent is let in
     * @param ended told after each end
     */
    VmmTable(Vertx vertx, WorkerExecutor files, int capacity, long firstNumber, Path agentSocket, Runnable ended) {
        this.vertx = vertx;
        this.files = files;
        this.capacity = capacity;
        this.newest = firstNumber;
        this.agents = new SimulatedAgents(
                vertx, files, agentSocket, vmId -> ofVm(vmId).flatMap(SimulatedVmm::agent));
        this.ended = ended;
    }

    /** Starts a process and returns its number, or nothing when the VM has one or the table is full. */
    Optional<Long> start(VmmCommand command, Path output) {
        if (byVm.containsKey(command.vmId()) || byVm.size() >= capacity) {
            return Optional.empty();
        }
        var number = ++newest;
        var vmm = new SimulatedVmm(
                vertx, files, command, output, () -> defaults, taken, agents, () -> remove(command.vmId(), number));
        byVm.put(command.vmId(), vmm);
        byNumber.put(number, vmm);
        vmm.start();
        return Optional.of(number);
    }

    SimulatedAgents agents() {
        return agents;
    }

    Optional<SimulatedVmm> ofVm(String vmId) {
        return Optional.ofNullable(byVm.get(vmId));
    }

    Optional<SimulatedVmm> numbered(long number) {
        return Optional.ofNullable(byNumber.get(number));
    }

    List<SimulatedVmm> all() {
        return new ArrayList<>(byVm.values());
    }

    /** The number of the process of each VM. */
    Map<String, Object> numbers() {
        var numbers = new LinkedHashMap<String, Object>();
        byNumber.forEach((number, vmm) -> numbers.put(vmm.vmId(), number));
        return numbers;
    }

    int size() {
        return byVm.size();
    }

    /** The highest number given so far. */
    long newest() {
        return newest;
    }

    EndLog ends() {
        return ends;
    }

    /** How every VM behaves for which nothing else is set. */
    void behave(JsonObject settings) {
        Behaviour.of(settings);
        defaults = settings;
    }

    private void remove(String vmId, long number) {
        byVm.remove(vmId);
        byNumber.remove(number);
        ends.add(number);
        ended.run();
    }
}
