package dev.vmplane.hypervisor;

import dev.vmplane.host.GuestNetwork;
import dev.vmplane.host.Link;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace of one test, with taps that lead nowhere. Only root may make one. */
public final class TapNamespace implements AutoCloseable {
    private static final AtomicInteger NAMESPACES = new AtomicInteger();
    private static final int COMMAND_LIMIT_SECONDS = 10;

    private final String name = "vmplane-test-" + ProcessHandle.current().pid() + "-" + NAMESPACES.incrementAndGet();
    private int taps;

    public TapNamespace() throws IOException {
        ip("netns", "add", name);
    }

    /** Whether this process may make any. */
    public static boolean allowed() {
        return System.getProperty("user.name").equals("root");
    }

    /** A new tap. */
    public Link.Tap tap() throws IOException {
        taps++;
        ip("-n", name, "tuntap", "add", "dev", "tap" + taps, "mode", "tap");
        var guest = new GuestNetwork("10.88.0." + (1 + taps) + "/32", "10.88.0.1", List.of());
        return new Link.Tap("tap" + taps, "06:00:0a:58:00:%02x".formatted(1 + taps), guest);
    }

    /** Makes a program in {@code directory} that becomes {@code program} inside. */
    public Path inside(Path program, Path directory) throws IOException {
        var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        var script = Files.createFile(directory.resolve(program.getFileName()), ownerOnly);
        return Files.writeString(script, "#!/bin/sh\nexec ip netns exec %s %s \"$@\"\n".formatted(name, program));
    }

    @Override
    public void close() throws IOException {
        ip("netns", "delete", name);
    }

    private static void ip(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).inheritIO().start();
        try {
            if (!process.waitFor(COMMAND_LIMIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + " failed");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
