package dev.vmplane.hypervisor.simulator;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What Cloud Hypervisor's API decides, with the traps of version 54: an order that takes no body refuses any, fields that
 * are spelt wrong are ignored, a machine that could not be created or booted stays in the way, and nothing that is so
 * already may be asked for again.
 */
final class CloudHypervisorModel implements VmmModel {
    static final String VERSION = "54.0.0";

    private static final Habits HABITS = new Habits("Cloud Hypervisor API", 4 * 1024 * 1024, true);
    private static final String PREFIX = "/api/v1/";
    private static final String ADDRESS_IN_USE = "Address already in use (os error 98)";
    private static final String NO_SUCH_FILE = "No such file or directory (os error 2)";

    /** Null while there is no machine. */
    private StoredVmConfig config;

    private State state = State.ABSENT;

    /** What a configured machine is to its process. */
    private enum State {
        /** It has been described, or shut down. */
        ABSENT("Created"),
        /** It was made from its description and its boot failed afterwards: neither running nor to be booted. */
        HALF_MADE("Created"),
        RUNNING("Running"),
        PAUSED("Paused");

        private final String text;

        State(String text) {
            this.text = text;
        }
    }

    /** A request that is refused; its causes, the outermost first, are the answer. */
    static final class Refused extends RuntimeException {
        private final int status;
        private final List<String> causes;

        Refused(int status, String... causes) {
            super(String.join(": ", causes), null, false, false);
            this.status = status;
            this.causes = List.of(causes);
        }
    }

    @Override
    public Habits habits() {
        return HABITS;
    }

    @Override
    public Answer refusal(String why) {
        return refusal(new Refused(500, "Error from API", why));
    }

    @Override
    public Path configDisk() {
        return stored().flatMap(there -> there.disk("config")).orElse(null);
    }

    @Override
    public Optional<Path> console() {
        return stored().flatMap(StoredVmConfig::console);
    }

    @Override
    public Optional<Path> agentSocket() {
        return stored().flatMap(StoredVmConfig::agentSocket);
    }

    @Override
    public List<Path> filesOfReset() {
        return stored().stream()
                .flatMap(there -> Stream.of(there.consoleDirectory(), there.disks(), there.payload()))
                .flatMap(files -> files)
                .toList();
    }

    @Override
    public boolean bootsAgain(Predicate<Path> exists) {
        return filesOfReset().stream().allMatch(exists);
    }

    @Override
    public List<Path> filesNamedBy(Request request) {
        return switch (request.path()) {
            case PREFIX + "vm.create" -> filesOfCreate(request.body());
            case PREFIX + "vm.boot" ->
                Stream.concat(filesOfReset().stream(), agentSocket().stream()).toList();
            case PREFIX + "vm.reboot" -> filesOfReset();
            default -> List.of();
        };
    }

    @Override
    public Answer answer(Request request, Predicate<Path> exists) {
        try {
            var endpoint = request.path().startsWith(PREFIX) ? request.path().substring(PREFIX.length()) : "";
            return switch (request.method()) {
                case "GET" -> read(endpoint, request.body());
                case "PUT" -> put(endpoint, request.body(), exists);
                default -> throw badRequest();
            };
        } catch (Refused refused) {
            return refusal(refused);
        }
    }

    private Answer read(String endpoint, String body) {
        if (!body.isEmpty()) {
            throw badRequest();
        }
        return switch (endpoint) {
            case "vmm.ping" ->
                found(new JsonObject()
                        .put("build_version", "v" + VERSION)
                        .put("version", VERSION)
                        .put("pid", ProcessHandle.current().pid())
                        .put("features", new JsonArray().add("kvm")));
            case "vm.info" -> found(info());
            default -> throw new Refused(404, "Not Found");
        };
    }

    private Answer put(String endpoint, String body, Predicate<Path> exists) {
        return switch (endpoint) {
            case "vm.create" ->
                body.isEmpty()
                        ? new Answer(400, null, Effect.NONE)
                        : create(CloudHypervisorFields.VM_CONFIG.read(body), exists);
            case "vm.resize" -> {
                if (body.isEmpty()) {
                    throw badRequest();
                }
                yield resize(CloudHypervisorFields.RESIZE.read(body));
            }
            default -> {
                if (!body.isEmpty()) {
                    throw badRequest();
                }
                yield act(endpoint, exists);
            }
        };
    }

    private Answer act(String endpoint, Predicate<Path> exists) {
        return switch (endpoint) {
            case "vm.boot" -> boot(exists);
            case "vm.pause" -> move(State.PAUSED, Effect.PAUSE, "The VM could not be paused", "Cannot pause VM");
            case "vm.resume" -> move(State.RUNNING, Effect.RESUME, "The VM could not resume", "Cannot resume VM");
            case "vm.power-button" -> {
                mustBeMade("Error triggering power button", "VM is not running");
                yield done(Effect.ASK_TO_END);
            }
            case "vm.reboot" -> reboot(exists);
            case "vm.shutdown" -> {
                mustBeMade("The VM could not shutdown", "VM is not running");
                state = State.ABSENT;
                yield done(Effect.HALT);
            }
            case "vm.delete" -> {
                config = null;
                state = State.ABSENT;
                yield done(Effect.HALT);
            }
            case "vmm.shutdown" -> new Answer(200, "", Effect.END);
            default -> throw new Refused(404, "Not Found");
        };
    }

    private JsonObject info() {
        if (config == null) {
            throw fromApi(404, "The VM info is not available", "VM is not created");
        }
        return new JsonObject()
                .put("config", config.json())
                .put("state", state.text)
                .put("memory_actual_size", config.memoryBytes());
    }

    /** Keeps what it is given before it looks at it. */
    private Answer create(JsonObject wanted, Predicate<Path> exists) {
        if (config != null) {
            throw fromApi(500, "The VM could not be created", "VM is already created");
        }
        config = new StoredVmConfig(wanted);
        if (!config.consoleDirectory().allMatch(exists)) {
            throw fromApi(500, "The VM could not be created", "Error creating console devices", NO_SUCH_FILE);
        }
        return done(Effect.NONE);
    }

    private Answer boot(Predicate<Path> exists) {
        var could = "The VM could not boot";
        if (state != State.ABSENT) {
            throw fromApi(500, could, "VM is already created");
        }
        if (config == null) {
            throw fromApi(500, could, "VM config is missing");
        }
        if (!config.bootable()) {
            throw fromApi(400, could, "Failed to validate config", "Payload configuration is not bootable");
        }
        if (config.hasTooManyCpus()) {
            throw fromApi(400, could, "Failed to validate config", "Max CPUs lower than boot CPUs");
        }
        if (!config.disks().allMatch(exists)) {
            // The list of disks is lost on the way: asked again, the machine boots without any.
            config.loseDisks();
            throw fromApi(500, could, "Error from device manager", "Cannot open disk path", NO_SUCH_FILE);
        }
        if (!config.payload().allMatch(exists)) {
            state = State.HALF_MADE;
            throw fromApi(500, could, "Cannot open kernel file", NO_SUCH_FILE);
        }
        if (config.agentSocket().filter(exists).isPresent()) {
            throw fromApi(
                    500, could, "Error from device manager", "Cannot create virtio-vsock backend", ADDRESS_IN_USE);
        }
        state = State.RUNNING;
        return done(Effect.START);
    }

    private Answer reboot(Predicate<Path> exists) {
        mustBeMade("The VM could not reboot", "VM is not created");
        if (bootsAgain(exists)) {
            state = State.RUNNING;
            return done(Effect.RESTART);
        }
        state = State.ABSENT;
        var refusal = refusal(fromApi(500, "The VM could not reboot", "Error creating console devices", NO_SUCH_FILE));
        return new Answer(refusal.status(), refusal.body(), Effect.HALT);
    }

    private Answer resize(JsonObject wanted) {
        if (config == null) {
            throw fromApi(404, "The VM could not be resized", "VM is not created");
        }
        var size = wanted.getLong("desired_balloon");
        if (size != null && config.hasBalloon()) {
            config.inflate(size);
        } else if (size != null && state != State.ABSENT) {
            throw fromApi(500, "The VM could not be resized", "Error from device manager", "Missing virtio-balloon");
        }
        return done(Effect.NONE);
    }

    private Answer move(State wanted, Effect effect, String could, String inner) {
        mustBeMade(could, "VM is not running");
        if (state == wanted || state == State.HALF_MADE) {
            throw fromApi(
                    500,
                    could,
                    inner,
                    "Invalid transition: InvalidStateTransition(" + state.text + ", " + wanted.text + ")");
        }
        state = wanted;
        return done(effect);
    }

    private void mustBeMade(String could, String why) {
        if (state == State.ABSENT) {
            throw fromApi(500, could, why);
        }
    }

    private Optional<StoredVmConfig> stored() {
        return Optional.ofNullable(config);
    }

    private static List<Path> filesOfCreate(String body) {
        try {
            var wanted = new StoredVmConfig(CloudHypervisorFields.VM_CONFIG.read(body));
            return wanted.consoleDirectory().toList();
        } catch (Refused wrongShape) {
            return List.of();
        }
    }

    private static Answer found(JsonObject body) {
        return new Answer(200, body.encode(), Effect.NONE);
    }

    private static Answer done(Effect effect) {
        return new Answer(204, null, effect);
    }

    private static Answer refusal(Refused refused) {
        return new Answer(refused.status, new JsonArray(refused.causes).encode(), Effect.NONE);
    }

    private static Refused fromApi(int status, String... causes) {
        var all = new ArrayList<>(List.of("Error from API"));
        all.addAll(List.of(causes));
        return new Refused(status, all.toArray(String[]::new));
    }

    private static Refused badRequest() {
        return new Refused(400, "Bad Request");
    }
}
