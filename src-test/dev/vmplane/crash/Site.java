package dev.vmplane.crash;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * A host made for control planes to be killed on: a state directory, images that are never read, and the stand-in for
 * Firecracker on the path. Starting a JVM is most of what a kill costs, so the classes are shared from an archive.
 */
final class Site implements AutoCloseable {
    private static final Path WORK = Path.of("target", "crash").toAbsolutePath();
    private static final Path PROGRAMS = WORK.resolve("bin");
    private static final Path ARCHIVE = WORK.resolve("classes.jsa");
    private static final int BUILD_LIMIT_SECONDS = 60;
    private static final int STRAY_LETTERS = 10;

    /** Short waits everywhere: what is looked for is how lives end, not how long they last. */
    private static final Map<String, String> SETTINGS = Map.ofEntries(
            Map.entry("FC_BACKEND", "firecracker"),
            Map.entry("VMPLANE_API_PORT", "0"),
            Map.entry("VMPLANE_BACKOFF_FIRST_MS", "100"),
            Map.entry("VMPLANE_BACKOFF_MAX_MS", "200"),
            Map.entry("VMPLANE_BOOTS_PARALLEL", "4"),
            Map.entry("VMPLANE_CAPACITY_VCPUS_PER_PROCESSOR", "64"),
            Map.entry("VMPLANE_INGRESS_PORT", "0"),
            Map.entry("VMPLANE_JAILER_USE", "never"),
            Map.entry("VMPLANE_LIMITS_DRAIN_MS", "300"),
            Map.entry("VMPLANE_LIMITS_STOP_MS", "300"));

    /** The library itself and a lock beside it. */
    private static final int LIBRARY_FILES = 2;

    private final Path directory;
    private final String classPath;

    private Site(Path directory, String classPath) {
        this.directory = directory;
        this.classPath = classPath;
    }

    static Site make() throws IOException, InterruptedException {
        Files.createDirectories(PROGRAMS);
        build();
        // Short, because the sockets of the VMs lie in it.
        var site = new Site(Files.createTempDirectory(Path.of("/tmp"), "vmc"), classPath());
        Files.createDirectories(site.images());
        Files.createDirectories(site.temporary());
        for (var image : List.of("vmlinux", "vmlinux.initramfs", "rootfs-web.ext4")) {
            Files.createFile(site.images().resolve(image));
        }
        Files.writeString(site.desiredVms(), "vms: []\n");
        site.archiveClasses();
        return site;
    }

    private static void build() throws IOException, InterruptedException {
        var compiler = new ProcessBuilder(
                        System.getenv().getOrDefault("CC", "cc"),
                        "-std=gnu11",
                        "-O1",
                        "-Wall",
                        "-Wextra",
                        "-Werror",
                        "-o",
                        PROGRAMS.resolve("firecracker").toString(),
                        "src-test/vmm/firecracker.c")
                .inheritIO()
                .start();
        if (!compiler.waitFor(BUILD_LIMIT_SECONDS, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
            throw new IllegalStateException("the stand-in for firecracker cannot be built");
        }
    }

    /** What the tests run with, without the tests; classes are shared from jars alone. */
    private static String classPath() {
        var classes = Path.of("target", "classes").toAbsolutePath();
        var jar = WORK.resolve("vmplane.jar");
        var made = ToolProvider.findFirst("jar")
                .orElseThrow()
                .run(System.out, System.err, "-c", "-0", "-f", jar.toString(), "-C", classes.toString(), ".");
        if (made != 0) {
            throw new IllegalStateException("the control plane's jar cannot be made");
        }
        var path = new ArrayList<String>(List.of(jar.toString()));
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.endsWith(".jar"))
                .forEach(path::add);
        return String.join(File.pathSeparator, path);
    }

    private void archiveClasses() throws IOException, InterruptedException {
        Files.deleteIfExists(ARCHIVE);
        try (var plane = PlaneProcess.start(command("-XX:ArchiveClassesAtExit=" + ARCHIVE), environment())) {
            plane.awaitReady();
            plane.stop();
        }
    }

    /** Starts a control plane that ends at {@code crashAt}, or goes on when that is empty. */
    PlaneProcess start(String crashAt) throws IOException {
        return PlaneProcess.start(
                command("-XX:SharedArchiveFile=" + ARCHIVE, "-Dvmplane.crash_at=" + crashAt), environment());
    }

    private List<String> command(String... options) {
        var command = new ArrayList<String>(
                List.of(System.getProperty("java.home") + "/bin/java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.add("-Xmx160m");
        command.add("-Djava.io.tmpdir=" + temporary());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath, "dev.vmplane.Main", "serve", "--config", "conf/vmplane.yaml"));
        return command;
    }

    private Map<String, String> environment() {
        var environment = new HashMap<>(SETTINGS);
        environment.put("PATH", PROGRAMS + File.pathSeparator + System.getenv("PATH"));
        environment.put("VMPLANE_STATE_DIR", state().toString());
        environment.put("VMPLANE_IMAGE_DIR", images().toString());
        environment.put("VMPLANE_DESIRED_VMS", desiredVms().toString());
        return environment;
    }

    /** Leaves a VM that no row knows, as an order does that is carried out after whoever gave it has died. */
    void leaveStray(Random random) throws IOException {
        var database = databaseId();
        if (database.isEmpty()) {
            return;
        }
        var vmId = random.ints('a', 'z' + 1)
                .limit(STRAY_LETTERS)
                .collect(() -> new StringBuilder("vm-"), StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        var directory = Files.createDirectories(
                state().resolve("run").resolve(database.get()).resolve(vmId));
        var ignored = new ProcessBuilder(
                        "setsid",
                        PROGRAMS.resolve("firecracker").toString(),
                        "--api-sock",
                        directory.resolve("api.sock").toString(),
                        "--id",
                        vmId)
                .redirectOutput(directory.resolve("console.log").toFile())
                .start();
    }

    Path state() {
        return directory.resolve("s");
    }

    Path temporary() {
        return directory.resolve("tmp");
    }

    private Path images() {
        return directory.resolve("images");
    }

    private Path desiredVms() {
        return directory.resolve("desired-vms.yaml");
    }

    Path database() {
        return state().resolve("vmplane.db");
    }

    /** What the one database was born with; nothing before it has run a VM. */
    Optional<String> databaseId() throws IOException {
        return entries(state().resolve("run")).stream()
                .map(directory -> directory.getFileName().toString())
                .findFirst();
    }

    List<Path> runDirectories() throws IOException {
        var id = databaseId();
        return id.isEmpty() ? List.of() : entries(state().resolve("run").resolve(id.get()));
    }

    /** What nobody clears away; the library of the living plane's database driver is cleared away by the next one. */
    List<Path> temporaryFiles() throws IOException {
        var libraries = entries(state().resolve("tmp"));
        return Stream.of(entries(temporary()), libraries.size() > LIBRARY_FILES ? libraries : List.<Path>of())
                .flatMap(List::stream)
                .toList();
    }

    private static List<Path> entries(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.toList();
        } catch (NoSuchFileException noneYet) {
            return List.of();
        }
    }

    @Override
    public void close() {
        try (var files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
