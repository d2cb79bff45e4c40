package dev.vmplane.hypervisor.simulator;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Stands for a host full of Firecracker processes: thousands of them on one event loop, none of them real. Owns the
 * control socket through which they are started, listed, watched, killed and told how to behave. The API of each VM is
 * at a socket of its own, see {@link SimulatedVmm}.
 *
 * <p>The control socket speaks HTTP with JSON, for {@link SimulatorProcesses} and for {@code curl --unix-socket}:
 *
 * <pre>
 * GET    /                       {pid, vms}: who is there
 * GET    /vms                    {pid, vms: {vm_id: number}}
 * POST   /vms                    {command: [...], output: file} starts one: 201 {pid, number}
 * PUT    /vms/{vm_id}/behaviour  how one VM behaves, see {@link Behaviour}
 * PUT    /behaviour              how all others do
 * DELETE /processes/{number}     kills it: 204 when it is gone, or was
 * GET    /ends?after=            waits for the next end: {pid, last, ended: [...]}, to be asked again after last;
 *                                {pid, last, newest, live: [...]} at once when after is absent or too long ago
 * </pre>
 */
public final class Simulator extends VerticleBase {
    private static final String AGENT_SOCKET = "sim-agent.sock";
    private static final int MAX_BODY_BYTES = 64 * 1024;
    private static final int FILE_THREADS = 4;
    private static final long FILE_LIMIT_SECONDS = 10;
    private static final int MAX_WATCHERS = 16;
    private static final long WATCH_MS = 20_000;

    /** With the start's milliseconds in front, a simulator that follows never gives a number again. */
    private static final long NUMBERS_PER_MS = 1000;

    private final Path controlSocket;
    private final int capacity;
    private final Instant started;
    private final long pid = ProcessHandle.current().pid();
    private final List<Watcher> watchers = new ArrayList<>();
    private WorkerExecutor files;
    private VmmTable table;

    /**
     * A simulator for at most {@code capacity} VMs.
     *
     * @param controlSocket nobody else's: whatever is at that path is replaced
     */
    public Simulator(Path controlSocket, int capacity, Instant started) {
        this.controlSocket = controlSocket;
        this.capacity = capacity;
        this.started = started;
    }

    /** A request that waits for the next end, unless {@code timer} comes first. */
    private record Watcher(HttpServerRequest request, long seen, long timer) {}

    @Override
    public Future<?> start() {
        files = vertx.createSharedWorkerExecutor("simulator-files", FILE_THREADS, FILE_LIMIT_SECONDS, TimeUnit.SECONDS);
        table = new VmmTable(
                vertx,
                files,
                capacity,
                started.toEpochMilli() * NUMBERS_PER_MS,
                controlSocket.resolveSibling(AGENT_SOCKET),
                this::tellWatchers);
        return table.agents()
                .listen()
                .compose(listening -> files.executeBlocking(() -> Files.deleteIfExists(controlSocket)))
                .compose(free -> new SocketFile(controlSocket)
                        .listen(vertx.createHttpServer().requestHandler(this::receive), files));
    }

    /** The processes end with their host. */
    @Override
    public Future<?> stop() {
        return Future.join(table.all().stream().map(SimulatedVmm::end).toList())
                .eventually(table.agents()::close)
                .eventually(files::close);
    }

    private void receive(HttpServerRequest request) {
        var length = request.getHeader("content-length");
        if (request.getHeader("transfer-encoding") != null
                || (length != null && Long.parseLong(length) > MAX_BODY_BYTES)) {
            refuse(request, 413, "the request is too long, or does not say how long it is");
            return;
        }
        request.body().onSuccess(body -> {
            try {
                route(request, body);
            } catch (RuntimeException misuse) {
                refuse(request, 400, String.valueOf(misuse.getMessage()));
            }
        });
    }

    private void route(HttpServerRequest request, Buffer body) {
        var parts = request.path().split("/", -1);
        var behaviour = parts.length == 4 && parts[3].equals("behaviour") ? "/behaviour" : "";
        switch (request.method().name() + " /" + parts[1] + behaviour) {
            case "GET /" -> say(request, 200, answer().put("vms", table.size()));
            case "GET /vms" -> say(request, 200, answer().put("vms", new JsonObject(table.numbers())));
            case "POST /vms" -> start(request, body.toJsonObject());
            case "PUT /vms/behaviour" -> behave(request, parts[2], body.toJsonObject());
            case "PUT /behaviour" -> {
                table.behave(body.toJsonObject());
                say(request, 204, null);
            }
            case "DELETE /processes" ->
                table.numbered(Long.parseLong(parts[2]))
                        .map(SimulatedVmm::end)
                        .orElseGet(Future::succeededFuture)
                        .onComplete(gone -> say(request, 204, null));
            case "GET /ends" -> watch(request);
            default -> refuse(request, 404, "no such thing");
        }
    }

    private void start(HttpServerRequest request, JsonObject wanted) {
        var command =
                wanted.getJsonArray("command").stream().map(String.class::cast).toList();
        table.start(VmmCommand.of(command), Path.of(wanted.getString("output")))
                .ifPresentOrElse(
                        number -> say(request, 201, answer().put("number", number)),
                        () -> refuse(request, 409, "the VM has a process, or there are " + capacity + " already"));
    }

    private void behave(HttpServerRequest request, String vmId, JsonObject settings) {
        var vmm = table.ofVm(vmId);
        vmm.ifPresent(found -> found.behave(settings));
        say(request, vmm.isPresent() ? 204 : 404, null);
    }

    private void watch(HttpServerRequest request) {
        var after = request.getParam("after");
        var seen = after == null ? -1 : Long.parseLong(after);
        if (seen != table.ends().last()) {
            tell(request, seen);
        } else if (watchers.size() >= MAX_WATCHERS) {
            refuse(request, 503, "too many watchers");
        } else {
            watchers.add(new Watcher(request, seen, vertx.setTimer(WATCH_MS, nothing -> giveUp(request))));
        }
    }

    private void giveUp(HttpServerRequest request) {
        watchers.stream()
                .filter(watcher -> watcher.request() == request)
                .findFirst()
                .ifPresent(watcher -> {
                    watchers.remove(watcher);
                    tell(request, watcher.seen());
                });
    }

    private void tellWatchers() {
        var waiting = List.copyOf(watchers);
        watchers.clear();
        for (var watcher : waiting) {
            vertx.cancelTimer(watcher.timer());
            tell(watcher.request(), watcher.seen());
        }
    }

    private void tell(HttpServerRequest request, long seen) {
        var news = answer().put("last", table.ends().last());
        var ended = seen < 0 ? null : table.ends().since(seen).orElse(null);
        if (ended != null) {
            news.put("ended", new JsonArray(ended));
        } else {
            news.put("newest", table.newest())
                    .put("live", new JsonArray(List.copyOf(table.numbers().values())));
        }
        say(request, 200, news);
    }

    private JsonObject answer() {
        return new JsonObject().put("pid", pid);
    }

    private static void refuse(HttpServerRequest request, int status, String why) {
        say(request, status, new JsonObject().put("error", why));
    }

    private static void say(HttpServerRequest request, int status, JsonObject body) {
        var response = request.response().setStatusCode(status);
        if (body == null) {
            response.end();
        } else {
            response.putHeader("content-type", "application/json").end(body.toBuffer());
        }
    }
}
