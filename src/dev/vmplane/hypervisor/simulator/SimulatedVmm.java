package dev.vmplane.hypervisor.simulator;

import dev.vmplane.hypervisor.simulator.FirecrackerModel.Answer;
import dev.vmplane.hypervisor.simulator.FirecrackerModel.Request;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Set;
import java.util.function.Supplier;

/**
 * One simulated Firecracker process: the server at its API socket around a {@link FirecrackerModel}, and the guest. Lives
 * on the simulator's event loop and holds two descriptors at most, both for listening.
 */
final class SimulatedVmm implements SimulatedGuest.Host {
    private static final int MAX_BODY_BYTES = 51_200;
    private static final int MAX_CONNECTIONS = 10;

    private final Vertx vertx;
    private final WorkerExecutor files;
    private final VmmCommand command;
    private final Supplier<JsonObject> defaults;
    private final Runnable ended;
    private final FirecrackerModel model;
    private final GuestConsole console;
    private final SimulatedGuest guest;
    private JsonObject own = new JsonObject();
    private JsonObject environment = new JsonObject();
    private Future<HttpServer> api = Future.failedFuture("it has not started");
    private Future<Void> end;
    private int connections;

    /**
     * A process that has not begun.
     *
     * @param taken the addresses at which guests of this simulator listen
     * @param ended told once, when nothing of the process is left
     */
    SimulatedVmm(
            Vertx vertx,
            WorkerExecutor files,
            VmmCommand command,
            Path output,
            Supplier<JsonObject> defaults,
            Set<SocketAddress> taken,
            Runnable ended) {
        this.vertx = vertx;
        this.files = files;
        this.command = command;
        this.defaults = defaults;
        this.ended = ended;
        this.model = new FirecrackerModel(command.vmId());
        this.console = new GuestConsole(files, output);
        this.guest = new SimulatedGuest(vertx, files, console, taken, this);
    }

    String vmId() {
        return command.vmId();
    }

    /** Takes up the API socket; a process that cannot says why and ends, as Firecracker does. */
    void start() {
        if (behaviour().failLaunch()) {
            console.print("Error: told to fail").onComplete(said -> end());
            return;
        }
        var server = vertx.createHttpServer(new HttpServerOptions().setHttp2ClearTextEnabled(false))
                .connectionHandler(this::admit)
                .requestHandler(this::receive);
        api = new SocketFile(command.apiSocket()).listen(server, files);
        api.onFailure(cause ->
                console.print("Error: cannot bind the API socket: " + cause).onComplete(said -> end()));
    }

    /** Changes the behaviour of this VM alone. */
    void behave(JsonObject settings) {
        Behaviour.of(settings);
        own = settings;
    }

    /** Ends the process at once, as SIGKILL would, and completes when nothing of it is left. */
    Future<Void> end() {
        if (end == null) {
            end = Future.join(api.compose(HttpServer::close), guest.vanish())
                    .<Void>mapEmpty()
                    .otherwiseEmpty()
                    .onComplete(done -> ended.run());
        }
        return end;
    }

    @Override
    public Behaviour behaviour() {
        return Behaviour.of(defaults.get().copy().mergeIn(environment).mergeIn(own));
    }

    @Override
    public void environmentSets(JsonObject settings) {
        environment = settings;
    }

    @Override
    public void guestEnded() {
        end();
    }

    /** One connection too many is closed at once. Firecracker tries to say 503 before, which few clients get to see. */
    private void admit(HttpConnection connection) {
        connections++;
        connection.closeHandler(closed -> connections--);
        if (connections > MAX_CONNECTIONS) {
            connection.close();
        }
    }

    private void receive(HttpServerRequest request) {
        if (behaviour().hang()) {
            return;
        }
        if (request.getHeader("transfer-encoding") != null || declaredLength(request) > MAX_BODY_BYTES) {
            respond(request, new Answer(400, parseError("Invalid request."), FirecrackerModel.Effect.NONE));
            return;
        }
        request.body().onSuccess(body -> receive(request, body));
    }

    private void receive(HttpServerRequest request, Buffer body) {
        var asked = new Request(request.method().name(), request.path(), body.toString());
        if (behaviour().refuse().contains(asked.call())) {
            respond(request, Answer.fault("Refused as told."));
            return;
        }
        var named = FirecrackerModel.filesNamedBy(asked);
        if (named.isEmpty()) {
            respond(request, model.answer(asked, file -> false));
            return;
        }
        files.executeBlocking(
                        () -> {
                            var readable = new HashMap<Path, Boolean>();
                            named.forEach(file -> readable.put(file, Files.isReadable(file)));
                            return readable;
                        },
                        false)
                .onSuccess(readable -> respond(request, model.answer(asked, readable::get)));
    }

    private void respond(HttpServerRequest request, Answer answer) {
        var response = request.response().setStatusCode(answer.status());
        response.putHeader("server", "Firecracker API").putHeader("connection", "keep-alive");
        if (answer.body() == null) {
            response.end();
        } else {
            response.putHeader("content-type", "application/json").end(answer.body());
        }
        switch (answer.effect()) {
            case NONE -> {}
            case START -> guest.boot(model.configDisk());
            case PAUSE -> guest.pause();
            case RESUME -> guest.resume();
            case ASK_TO_END -> guest.whenAwake(this::guestAsked);
        }
    }

    private void guestAsked() {
        if (!behaviour().ignoreStop()) {
            guest.exit(0);
        }
    }

    private static long declaredLength(HttpServerRequest request) {
        var length = request.getHeader("content-length");
        return length == null ? 0 : Long.parseLong(length);
    }

    private static String parseError(String why) {
        return "{ \"error\": \"" + why + "\nAll previous unanswered requests will be dropped.\" }";
    }
}
