package dev.vmplane.hypervisor.simulator;

import dev.vmplane.hypervisor.simulator.BodyShape.Fault;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What Firecracker's API decides. As strict as version 1.17, because a simulator that lets a wrong request pass hides it
 * until the first real boot.
 */
final class FirecrackerModel implements VmmModel {
    static final String VERSION = "1.17.0";

    private static final Habits HABITS = new Habits("Firecracker API", 51_200, false);
    private static final int MAX_VCPUS = 32;
    private static final int MAX_ARGUMENT_BYTES = 2048;
    private static final int MIN_CID = 3;

    private final String id;
    private final Map<String, JsonObject> drives = new LinkedHashMap<>();
    private final Map<String, JsonObject> networkInterfaces = new LinkedHashMap<>();
    private final SimulatedBalloon balloon = new SimulatedBalloon();
    private JsonObject machineConfig = new JsonObject()
            .put("vcpu_count", 1)
            .put("mem_size_mib", 128)
            .put("smt", false)
            .put("track_dirty_pages", false)
            .put("huge_pages", "None");
    private JsonObject bootSource;
    private JsonObject vsock;
    private State state = State.NOT_STARTED;

    FirecrackerModel(String id) {
        this.id = id;
    }

    private enum State {
        NOT_STARTED("Not started"),
        RUNNING("Running"),
        PAUSED("Paused");

        private final String text;

        State(String text) {
            this.text = text;
        }
    }

    @Override
    public Habits habits() {
        return HABITS;
    }

    @Override
    public Path configDisk() {
        var drive = drives.get("config");
        return drive == null ? null : Path.of(drive.getString("path_on_host"));
    }

    @Override
    public Optional<Path> agentSocket() {
        return Optional.ofNullable(vsock).map(there -> Path.of(there.getString("uds_path")));
    }

    /** The serial port is the output of the process. */
    @Override
    public Optional<Path> console() {
        return Optional.empty();
    }

    @Override
    public List<Path> filesOfReset() {
        return List.of();
    }

    @Override
    public boolean bootsAgain(Predicate<Path> exists) {
        return false;
    }

    @Override
    public Answer refusal(String why) {
        return new Answer(400, new JsonObject().put("fault_message", why).encode(), Effect.NONE);
    }

    @Override
    public List<Path> filesNamedBy(Request request) {
        if (!Set.of("/boot-source", "/vsock").contains(request.path())
                && !request.path().startsWith("/drives/")) {
            return List.of();
        }
        try {
            var body = new JsonObject(request.body());
            return Stream.of("kernel_image_path", "initrd_path", "path_on_host", "uds_path")
                    .map(body::getString)
                    .filter(Objects::nonNull)
                    .map(Path::of)
                    .toList();
        } catch (RuntimeException notOfItsShape) {
            return List.of();
        }
    }

    @Override
    public Answer answer(Request request, Predicate<Path> exists) {
        try {
            return switch (request.method()) {
                case "GET" -> read(request);
                case "PUT" -> put(request, exists);
                case "PATCH" -> patch(request);
                default -> throw invalid(request);
            };
        } catch (Fault fault) {
            return refusal(fault.getMessage());
        } catch (InvalidPathException notAPath) {
            return refusal("Nul byte in a path.");
        }
    }

    private Answer read(Request request) {
        if (!request.body().isEmpty()) {
            throw new Fault("GET request cannot have a body.");
        }
        var found = switch (request.path()) {
            case "/" ->
                new JsonObject()
                        .put("id", id)
                        .put("state", state.text)
                        .put("vmm_version", VERSION)
                        .put("app_name", "Firecracker");
            case "/version" -> new JsonObject().put("firecracker_version", VERSION);
            case "/machine-config" -> machineConfig;
            case "/balloon" -> balloon.get();
            case "/vm/config" ->
                new JsonObject()
                        .put("machine-config", machineConfig)
                        .put("boot-source", bootSource == null ? new JsonObject() : bootSource)
                        .put("drives", new JsonArray(List.copyOf(drives.values())))
                        .put("network-interfaces", new JsonArray(List.copyOf(networkInterfaces.values())));
            default -> throw invalid(request);
        };
        return new Answer(200, found.encode(), Effect.NONE);
    }

    private Answer put(Request request, Predicate<Path> exists) {
        if (request.body().isEmpty()) {
            throw new Fault("Empty PUT request.");
        }
        var path = request.path();
        if (path.equals("/machine-config")) {
            return configure(FirecrackerFields.MACHINE_CONFIG.read(request.body()));
        } else if (path.equals("/boot-source")) {
            bootSource(FirecrackerFields.BOOT_SOURCE.read(request.body()), exists);
        } else if (path.startsWith("/drives/")) {
            drive(part(request, FirecrackerFields.DRIVE, "drive_id"), exists);
        } else if (path.startsWith("/network-interfaces/")) {
            var card = part(request, FirecrackerFields.NETWORK_INTERFACE, "iface_id");
            beforeStart();
            networkInterfaces.put(card.getString("iface_id"), card);
        } else if (path.equals("/entropy")) {
            FirecrackerFields.ENTROPY.read(request.body());
            beforeStart();
        } else if (path.equals("/vsock")) {
            return listen(FirecrackerFields.VSOCK.read(request.body()), exists);
        } else if (path.equals("/balloon")) {
            var wanted = FirecrackerFields.BALLOON.read(request.body());
            beforeStart();
            balloon.put(wanted, machineConfig.getLong("mem_size_mib"));
        } else if (path.equals("/actions")) {
            return act(FirecrackerFields.ACTION.read(request.body()).getString("action_type"));
        } else {
            throw invalid(request);
        }
        return done(Effect.NONE);
    }

    private Answer patch(Request request) {
        if (request.body().isEmpty()) {
            throw new Fault("Empty PATCH request.");
        }
        return switch (request.path()) {
            case "/machine-config" ->
                configure(machineConfig.copy().mergeIn(FirecrackerFields.MACHINE_CONFIG_PATCH.read(request.body())));
            case "/balloon" -> {
                var wanted = FirecrackerFields.BALLOON_PATCH.read(request.body());
                afterStart();
                balloon.patch(wanted, machineConfig.getLong("mem_size_mib"));
                yield done(Effect.NONE);
            }
            case "/vm" -> drive(FirecrackerFields.VM.read(request.body()).getString("state"));
            default -> throw invalid(request);
        };
    }

    private Answer configure(JsonObject wanted) {
        beforeStart();
        var vcpus = wanted.getLong("vcpu_count");
        if (vcpus < 1 || vcpus > MAX_VCPUS) {
            throw new Fault("The vCPU number is invalid!");
        }
        if (wanted.getLong("mem_size_mib") < 1) {
            throw new Fault("The memory size (MiB) is invalid.");
        }
        machineConfig = machineConfig.copy().mergeIn(wanted);
        return done(Effect.NONE);
    }

    private void bootSource(JsonObject wanted, Predicate<Path> exists) {
        beforeStart();
        mustExist(wanted.getString("kernel_image_path"), "The kernel file cannot be opened", exists);
        if (wanted.getString("initrd_path") != null) {
            mustExist(wanted.getString("initrd_path"), "The initrd file cannot be opened", exists);
        }
        if (wanted.getString("boot_args", "").length() > MAX_ARGUMENT_BYTES) {
            throw new Fault("The kernel command line is invalid: Command line string overflow.");
        }
        bootSource = wanted;
    }

    private void drive(JsonObject wanted, Predicate<Path> exists) {
        beforeStart();
        mustExist(wanted.getString("path_on_host"), "Unable to open the block device backing file", exists);
        drives.put(wanted.getString("drive_id"), wanted);
    }

    /** Binds at once. The socket of a former order of this kind is its own, and gives way. */
    private Answer listen(JsonObject wanted, Predicate<Path> exists) {
        beforeStart();
        if (wanted.getLong("guest_cid") < MIN_CID) {
            throw new Fault("Cannot create the vsock device: invalid CID.");
        }
        var path = Path.of(wanted.getString("uds_path"));
        if (exists.test(path) && !agentSocket().equals(Optional.of(path))) {
            throw new Fault("Cannot create backend for vsock device: UnixBind(Os { code: 98, kind: AddrInUse })");
        }
        vsock = wanted;
        return done(Effect.LISTEN);
    }

    private Answer act(String action) {
        return switch (action) {
            case "InstanceStart" -> {
                beforeStart();
                if (bootSource == null) {
                    throw new Fault("Cannot start microvm without kernel configuration.");
                }
                state = State.RUNNING;
                yield done(Effect.START);
            }
            case "SendCtrlAltDel" -> {
                afterStart();
                yield done(Effect.ASK_TO_END);
            }
            case "FlushMetrics" -> {
                afterStart();
                yield done(Effect.NONE);
            }
            default -> throw new Fault("unknown variant `" + action + "`");
        };
    }

    private Answer drive(String wanted) {
        afterStart();
        return switch (wanted) {
            case "Paused" -> {
                state = State.PAUSED;
                yield done(Effect.PAUSE);
            }
            case "Resumed" -> {
                state = State.RUNNING;
                yield done(Effect.RESUME);
            }
            default -> throw new Fault("unknown variant `" + wanted + "`, expected `Paused` or `Resumed`");
        };
    }

    private JsonObject part(Request request, BodyShape shape, String idField) {
        var body = shape.read(request.body());
        var pathId = request.path().substring(request.path().lastIndexOf('/') + 1);
        if (!pathId.matches("[A-Za-z0-9_]+")) {
            throw new Fault("API Resource IDs can only contain alphanumeric characters and underscores.");
        }
        if (!pathId.equals(body.getString(idField))) {
            throw new Fault("The id from the path [" + pathId + "] does not match the id from the body ["
                    + body.getString(idField) + "]!");
        }
        return body;
    }

    private void beforeStart() {
        if (state != State.NOT_STARTED) {
            throw new Fault("The requested operation is not supported after starting the microVM.");
        }
    }

    private void afterStart() {
        if (state == State.NOT_STARTED) {
            throw new Fault("The requested operation is not supported before starting the microVM.");
        }
    }

    private static void mustExist(String file, String fault, Predicate<Path> exists) {
        if (!exists.test(Path.of(file))) {
            throw new Fault(fault + ": No such file or directory (os error 2) " + file);
        }
    }

    private static Answer done(Effect effect) {
        return new Answer(204, null, effect);
    }

    private static Fault invalid(Request request) {
        return new Fault("Invalid request method and/or path: " + request.call() + ".");
    }
}
