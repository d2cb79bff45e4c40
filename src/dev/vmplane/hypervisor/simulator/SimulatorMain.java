package dev.vmplane.hypervisor.simulator;

import com.sun.management.UnixOperatingSystemMXBean;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The simulator as a process of its own: the one of its state directory, until it is killed. */
public final class SimulatorMain {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatorMain.class);

    /** Its API socket and its guest's socket. A tenth is spared for the JVM and for connections, which are short. */
    private static final long DESCRIPTORS_PER_VM = 2;

    private SimulatorMain() {}

    /** Runs the simulator of the state directory {@code args[0]}. */
    public static void main(String[] args) throws IOException {
        run(new SimulatorFiles(Path.of(args[0])));
    }

    /**
     * Starts the simulator and returns, or does nothing when one runs already. The lock decides which of two is the
     * one, because binding an occupied Unix socket would not fail: Netty replaces it.
     */
    @SuppressWarnings("resource") // the channel holds the lock until this process ends
    public static void run(SimulatorFiles place) throws IOException {
        Files.createDirectories(place.stateDir());
        FileLock lock = FileChannel.open(place.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE)
                .tryLock();
        if (lock == null) {
            LOG.atInfo().addKeyValue("state_dir", place.stateDir()).log("a simulator runs here already");
            return;
        }
        var capacity = capacity();
        var vertx = Vertx.vertx(new VertxOptions()
                .setPreferNativeTransport(true)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        vertx.deployVerticle(new Simulator(place.socket(), capacity, Instant.now()))
                .onComplete(
                        deployed ->
                                LOG.atInfo().addKeyValue("capacity", capacity).log("simulator takes orders"),
                        cause -> {
                            LOG.atError().setCause(cause).log("simulator cannot start");
                            vertx.close();
                        });
    }

    private static int capacity() {
        var system = ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class);
        var spent = system.getMaxFileDescriptorCount() / 10 * 9;
        return (int) Math.min(Integer.MAX_VALUE, spent / DESCRIPTORS_PER_VM);
    }
}
