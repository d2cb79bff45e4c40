package dev.vmplane.host.network;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A host and its guests in network namespaces of a test's own: the kernel is the real one, and a guest is no more than a
 * namespace at the end of a cable, in which the demo server runs. It takes root; nothing of it is left when it closes.
 */
public final class Lab implements AutoCloseable {
    private static final int LIMIT_SECONDS = 120;
    private static final AtomicInteger LABS = new AtomicInteger();

    private final String prefix = "vmp" + ProcessHandle.current().pid() % 100_000 + "x" + LABS.incrementAndGet();
    private final Path work;
    private final List<String> namespaces = new ArrayList<>();
    private final List<Process> running = new ArrayList<>();
    private final Map<String, Process> anchors = new HashMap<>();

    public Lab() throws IOException {
        work = Files.createTempDirectory(Path.of("/tmp"), "vmlab");
    }

    /** A new namespace with its loopback up; answers its whole name. */
    public String namespace(String name) {
        var full = prefix + name;
        must("ip", "netns", "add", full);
        namespaces.add(full);
        in(full, "ip", "link", "set", "lo", "up");
        return full;
    }

    /** Runs a command in a namespace, and expects it to go well. */
    public String in(String namespace, String... command) {
        return must(inside(namespace, command).toArray(String[]::new));
    }

    /** A program of the host as {@link HostTool} runs it, in a namespace. */
    HostTool tool(String namespace, String program) {
        return new HostTool(inside(namespace, program), work);
    }

    /** Where the interfaces of a namespace can be seen from outside: through a process that does nothing in it. */
    Interfaces interfaces(String namespace) {
        var anchor = anchors.computeIfAbsent(namespace, first -> start(namespace, Map.of(), "cat"));
        var all = Path.of("/proc", Long.toString(anchor.pid()), "root", "sys", "class", "net");
        // Until ip has become cat, what is seen is our own.
        await(() -> commandOf(anchor).startsWith("cat"));
        return new Interfaces(all);
    }

    /** Starts a program in a namespace that ends with the lab at the latest. */
    public Process start(String namespace, Map<String, String> environment, String... command) {
        try {
            var builder = new ProcessBuilder(inside(namespace, command))
                    .redirectErrorStream(true)
                    .redirectOutput(work.resolve(namespace + ".log").toFile());
            builder.environment().putAll(environment);
            var process = builder.start();
            running.add(process);
            return process;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Lets a namespace serve the demo's pages on a port, and completes when it does. */
    public void serve(String namespace, int port) {
        start(namespace, Map.of("PORT", Integer.toString(port)), server().toString());
        await(() -> get(namespace, "127.0.0.1", port, "/health").endsWith("ok"));
    }

    /** What the demo server of a namespace, itself asked over its loopback, says at {@code path}. */
    public String ask(String namespace, int port, String path) {
        var answer = get(namespace, "127.0.0.1", port, path);
        return answer.substring(answer.indexOf("\r\n\r\n") + 4).strip();
    }

    /** The whole answer to a request that is made in a namespace, or what went wrong. */
    public String get(String namespace, String address, int port, String path) {
        return request(namespace, address, port, "GET " + path + " HTTP/1.0\r\n\r\n");
    }

    /** The same for any request, given as it goes over the wire. */
    public String request(String namespace, String address, int port, String request) {
        try {
            var file = Files.writeString(work.resolve("request"), request);
            var script = "exec 3<>/dev/tcp/" + address + "/" + port + " && cat " + file + " >&3 && cat <&3";
            return run(inside(namespace, "timeout", Integer.toString(LIMIT_SECONDS), "bash", "-c", script))
                    .output();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** A directory of the lab's own. */
    public Path work() {
        return work;
    }

    /** The ids of the processes in a namespace. */
    public List<Long> processes(String namespace) {
        return must("ip", "netns", "pids", namespace).lines().map(Long::valueOf).toList();
    }

    /** The demo server, built once for a lab. */
    private Path server() {
        var program = work.resolve("server");
        if (Files.notExists(program)) {
            must("sh", "-c", "cc -O1 -o " + program + " src/guest/demo/*.c");
        }
        return program;
    }

    private static List<String> inside(String namespace, String... command) {
        return Stream.concat(Stream.of("ip", "netns", "exec", namespace), Arrays.stream(command))
                .toList();
    }

    private String must(String... command) {
        var end = run(List.of(command));
        assertThat(end.status())
                .as(String.join(" ", command) + ": " + end.output())
                .isZero();
        return end.output();
    }

    private record End(int status, String output) {}

    private static End run(List<String> command) {
        try {
            var process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            var output = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
            return new End(process.exitValue(), output);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String commandOf(Process process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
        } catch (IOException gone) {
            return "";
        }
    }

    public static void await(java.util.function.BooleanSupplier state) {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!state.getAsBoolean()) {
            assertThat(System.nanoTime()).as("time is up").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() throws IOException {
        for (var process : running) {
            process.destroyForcibly();
        }
        for (var process : running) {
            await(() -> !process.isAlive());
        }
        // Hypervisors and name servers go on when what started them ends.
        for (var namespace : namespaces) {
            processes(namespace).forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
            await(() -> processes(namespace).isEmpty());
        }
        namespaces.forEach(namespace -> must("ip", "netns", "delete", namespace));
        try (var files = Files.walk(work)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }
}
