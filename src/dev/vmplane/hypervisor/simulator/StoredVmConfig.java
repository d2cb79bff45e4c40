package dev.vmplane.hypervisor.simulator;

import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** The description of a machine as {@link CloudHypervisorModel} was given it, of the right shape and not yet checked. */
record StoredVmConfig(JsonObject json) {
    private static final long USUAL_MEMORY_BYTES = 512L * 1024 * 1024;

    /** What must be readable for it to be created. */
    Stream<Path> consoleDirectory() {
        return console().map(Path::getParent).stream();
    }

    Optional<Path> console() {
        return Optional.ofNullable(json.getJsonObject("serial"))
                .filter(serial -> serial.getString("mode").equals("File"))
                .map(serial -> Path.of(serial.getString("file")));
    }

    Optional<Path> agentSocket() {
        return Optional.ofNullable(json.getJsonObject("vsock")).map(vsock -> Path.of(vsock.getString("socket")));
    }

    /** The kernel, and the initramfs if there is one. */
    Stream<Path> payload() {
        var payload = json.getJsonObject("payload", new JsonObject());
        return Stream.of("kernel", "initramfs")
                .map(payload::getString)
                .flatMap(Stream::ofNullable)
                .map(Path::of);
    }

    boolean bootable() {
        return json.getJsonObject("payload", new JsonObject()).getString("kernel") != null;
    }

    Stream<Path> disks() {
        return diskFields().map(StoredVmConfig::path);
    }

    Optional<Path> disk(String id) {
        return diskFields()
                .filter(disk -> id.equals(disk.getString("id")))
                .findFirst()
                .map(StoredVmConfig::path);
    }

    void loseDisks() {
        json.remove("disks");
    }

    boolean hasTooManyCpus() {
        var cpus = json.getJsonObject("cpus");
        return cpus != null && cpus.getLong("boot_vcpus") > cpus.getLong("max_vcpus");
    }

    boolean hasBalloon() {
        return json.getJsonObject("balloon") != null;
    }

    void inflate(long bytes) {
        json.getJsonObject("balloon").put("size", bytes);
    }

    /** What is left of the memory when the balloon has its size. */
    long memoryBytes() {
        var memory = json.getJsonObject("memory", new JsonObject()).getLong("size", USUAL_MEMORY_BYTES);
        return Math.max(
                0, memory - json.getJsonObject("balloon", new JsonObject()).getLong("size", 0L));
    }

    private Stream<JsonObject> diskFields() {
        var disks = json.getJsonArray("disks");
        return disks == null ? Stream.empty() : disks.stream().map(JsonObject.class::cast);
    }

    private static Path path(JsonObject disk) {
        return Path.of(disk.getString("path", ""));
    }
}
