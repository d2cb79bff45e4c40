package dev.vmplane.hypervisor.simulator;

import dev.vmplane.host.ProcessEnd;
import dev.vmplane.host.ProcessOrder;
import dev.vmplane.host.Processes;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.UnixHttp;
import dev.vmplane.hypervisor.UnixHttp.Call;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The processes of a {@link Simulator}, as the host sees real ones. A process is known by the simulator's pid and a
 * number that no simulator gives twice, so the identity of a dead one never fits another.
 */
public final class SimulatorProcesses implements Processes {
    private static final Duration CALL_LIMIT = Duration.ofSeconds(10);
    private static final int CONNECTIONS = 4;

    /** One start or kill of each VM a simulator can hold. */
    private static final int WAITING = 10_000;

    private final Path controlSocket;
    private final Supplier<Future<Void>> summon;
    private final UnixHttp http;
    private final SimulatorEnds ends;

    /** @param summon sees to it that a simulator answers at {@code controlSocket} */
    public SimulatorProcesses(Vertx vertx, Path controlSocket, Supplier<Future<Void>> summon) {
        this.controlSocket = controlSocket;
        this.summon = summon;
        this.http = new UnixHttp(vertx, CONNECTIONS, WAITING);
        this.ends = new SimulatorEnds(vertx, http, controlSocket);
    }

    @Override
    public Future<VmmProcess> start(ProcessOrder order) {
        var wanted = new JsonObject()
                .put("command", new JsonArray(order.command()))
                .put("output", order.output().toString());
        return summoned(call(HttpMethod.POST, "/vms", wanted.toBuffer()))
                .map(JsonObject::new)
                .map(started -> new VmmProcess(started.getLong("pid"), started.getLong("number")));
    }

    @Override
    public Future<Map<String, VmmProcess>> running() {
        return summoned(call(HttpMethod.GET, "/vms", null)).map(answer -> {
            var found = new JsonObject(answer);
            var running = new HashMap<String, VmmProcess>();
            var numbers = found.getJsonObject("vms");
            for (var vmId : numbers.fieldNames()) {
                running.put(vmId, new VmmProcess(found.getLong("pid"), numbers.getLong(vmId)));
            }
            return running;
        });
    }

    @Override
    public Future<ProcessEnd> ended(VmmProcess process) {
        return ends.of(process).map(ProcessEnd.UNKNOWN);
    }

    @Override
    public void forget(VmmProcess process) {
        ends.forget(process);
    }

    @Override
    public Future<Void> kill(RunDirectory directory, VmmProcess process) {
        return http.send(controlSocket, call(HttpMethod.DELETE, "/processes/" + process.startTicks(), null))
                .recover(failure -> SimulatorEnds.simulatorIsGone(failure, process)
                        ? Future.succeededFuture("")
                        : Future.failedFuture(failure))
                .mapEmpty();
    }

    private Future<String> summoned(Call call) {
        return http.send(controlSocket, call)
                .recover(failure -> UnixHttp.nobodyListens(failure)
                        ? summon.get().compose(there -> http.send(controlSocket, call))
                        : Future.failedFuture(failure));
    }

    private static Call call(HttpMethod method, String uri, Buffer body) {
        return new Call("simulator cannot serve", ReasonCode.LAUNCH_FAILED, method, uri, body, CALL_LIMIT);
    }
}
