package dev.vmplane.hypervisor.simulator;

import dev.vmplane.hypervisor.simulator.VmmModel.Answer;
import dev.vmplane.hypervisor.simulator.VmmModel.Effect;
import dev.vmplane.hypervisor.simulator.VmmModel.Request;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * One simulated hypervisor process: the server at its API socket around a {@link VmmModel}, and the guest. Lives on the
 * simulator's event loop and holds two descriptors at most, both for listening.
 */
final class SimulatedVmm implements SimulatedGuest.Host {
    private static final int MAX_CONNECTIONS = 10;

    private final Vertx vertx;
    private final WorkerExecutor files;
    private final VmmCommand command;
    private final Supplier<JsonObject> defaults;
    private final Runnable ended;
    private final VmmModel model;
    private final Path output;
    private final Set<SocketAddress> taken;
    private final SimulatedAgents agents;
    private SimulatedGuest guest;
    private JsonObject own = new JsonObject();
    private JsonObject environment = new JsonObject();
    private Future<HttpServer> api = Future.failedFuture("it has not started");
    private Future<Void> end;
    private Path agentSocket;
    private int connections;

    /**
     * A process that has not begun.
     *
     * @param taken the addresses at which guests of this simulator listen
     * @param agents let in whoever speaks with an agent
     * @param ended told once, when nothing of the process is left
     */
    SimulatedVmm(
            Vertx vertx,
            WorkerExecutor files,
            VmmCommand command,
            Path output,
            Supplier<JsonObject> defaults,
            Set<SocketAddress> taken,
            SimulatedAgents agents,
            Runnable ended) {
        this.vertx = vertx;
        this.files = files;
        this.command = command;
        this.defaults = defaults;
        this.ended = ended;
        this.model = command.model();
        this.output = output;
        this.taken = taken;
        this.agents = agents;
        this.guest = guest(output);
    }

    String vmId() {
        return command.vmId();
    }

    /** Takes up the API socket; a process that cannot says why and ends, as real ones do. */
    void start() {
        if (behaviour().failLaunch()) {
            say("Error: told to fail").onComplete(said -> end());
            return;
        }
        var server = vertx.createHttpServer(new HttpServerOptions().setHttp2ClearTextEnabled(false))
                .connectionHandler(this::admit)
                .requestHandler(this::receive);
        var socket = new SocketFile(command.apiSocket());
        Future<Void> free = model.habits().ownsSocket() ? socket.clear(files) : Future.succeededFuture();
        api = free.compose(cleared -> socket.listen(server, files));
        api.onFailure(
                cause -> say("Error: cannot bind the API socket: " + cause).onComplete(said -> end()));
    }

    /** The guest, if its agent listens. */
    Optional<SimulatedGuest> agent() {
        return guest.hasAgent() ? Optional.of(guest) : Optional.empty();
    }

    /** Changes the behaviour of this VM alone. */
    void behave(JsonObject settings) {
        Behaviour.of(settings);
        own = settings;
    }

    /** Ends the process at once, as SIGKILL would, and completes when nothing of it is left. */
    Future<Void> end() {
        if (end == null) {
            end = Future.join(api.compose(HttpServer::close), guest.vanish(), unlisten())
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
    public void guestAsked() {
        if (!behaviour().ignoreStop()) {
            guest.exit(0);
        }
    }

    @Override
    public void guestEnded() {
        endByItself();
    }

    @Override
    public void guestReset() {
        look(model.filesOfReset()).onSuccess(readable -> {
            if (model.bootsAgain(readable::get)) {
                perform(Effect.RESTART);
            } else {
                end();
            }
        });
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
        if (request.getHeader("transfer-encoding") != null
                || declaredLength(request) > model.habits().maxBodyBytes()) {
            respond(request, new Answer(400, parseError("Invalid request."), Effect.NONE));
            return;
        }
        request.body().onSuccess(body -> receive(request, body));
    }

    private void receive(HttpServerRequest request, Buffer body) {
        var asked = new Request(request.method().name(), request.path(), body.toString());
        if (behaviour().refuse().contains(asked.call())) {
            respond(request, model.refusal("Refused as told."));
            return;
        }
        look(model.filesNamedBy(asked)).onSuccess(readable -> respond(request, model.answer(asked, readable::get)));
    }

    /** Which of {@code named} can be read. */
    private Future<Map<Path, Boolean>> look(List<Path> named) {
        if (named.isEmpty()) {
            return Future.succeededFuture(Map.of());
        }
        return files.executeBlocking(
                () -> {
                    var readable = new HashMap<Path, Boolean>();
                    named.forEach(file -> readable.put(file, Files.isReadable(file)));
                    return readable;
                },
                false);
    }

    private void respond(HttpServerRequest request, Answer answer) {
        perform(answer.effect()).onComplete(performed -> {
            var response = request.response().setStatusCode(answer.status());
            response.putHeader("server", model.habits().name()).putHeader("connection", "keep-alive");
            if (answer.body() == null) {
                response.end();
            } else {
                response.putHeader("content-type", "application/json").end(answer.body());
            }
        });
    }

    /** Completes when what must be so before the answer is so. */
    private Future<?> perform(Effect effect) {
        return switch (effect) {
            case NONE -> Future.succeededFuture();
            case LISTEN -> listen();
            case START -> listen().compose(bound -> boot());
            case PAUSE -> guestDoes(guest::pause);
            case RESUME -> guestDoes(guest::resume);
            case ASK_TO_END -> guestDoes(() -> guest.whenAwake(this::guestAsked));
            case HALT -> guest.vanish();
            case RESTART -> guest.vanish().compose(gone -> boot());
            case END -> guestDoes(this::endByItself);
        };
    }

    /** What the guest does, it does after the answer. */
    private Future<?> guestDoes(Runnable act) {
        vertx.runOnContext(answered -> act.run());
        return Future.succeededFuture();
    }

    /** The way to the agent, if there is to be one and it is not bound yet. */
    private Future<?> listen() {
        var wanted = model.agentSocket().filter(path -> !path.equals(agentSocket));
        wanted.ifPresent(path -> agentSocket = path);
        return wanted.map(path -> files.executeBlocking(() -> agents.link(path), false))
                .orElse(Future.succeededFuture());
    }

    /** A dead process lets nobody in, and what would is the socket of all that live. */
    private Future<?> unlisten() {
        return agentSocket == null
                ? Future.succeededFuture()
                : files.executeBlocking(() -> Files.deleteIfExists(agentSocket), false);
    }

    private Future<?> boot() {
        return serialPort().onSuccess(file -> {
            guest = guest(file);
            guestDoes(() -> guest.boot(model.configDisk()));
        });
    }

    /** The file behind the guest's serial port: opened now, and the same whatever becomes of its path. */
    private Future<Path> serialPort() {
        return model.console()
                .map(file -> files.executeBlocking(
                        () -> Files.write(file, new byte[0]).toRealPath(), false))
                .orElse(Future.succeededFuture(output));
    }

    private SimulatedGuest guest(Path file) {
        return new SimulatedGuest(vertx, files, new GuestConsole(files, file), taken, this);
    }

    private Future<?> say(String line) {
        return new GuestConsole(files, output).print(line);
    }

    private void endByItself() {
        if (model.habits().ownsSocket()) {
            new SocketFile(command.apiSocket()).clear(files).onComplete(cleared -> end());
        } else {
            end();
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
