package dev.vmplane;

import dev.vmplane.hypervisor.firecracker.JailerChoice;
import dev.vmplane.image.ImageSettings;
import dev.vmplane.model.Allow;
import dev.vmplane.model.Backend;
import dev.vmplane.model.Backoff;
import dev.vmplane.model.Brake;
import dev.vmplane.model.SpecReader;
import dev.vmplane.pool.Room;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * How this host runs: read once, from {@code conf/vmplane.yaml} and the environment. That file explains every key.
 *
 * @param backend which hypervisor, or null to take the best one found
 * @param defaults what boots when neither a spec nor its role says
 * @param node what rows call this host
 * @param addressRange IPv4 network, with its prefix length, that microVMs get their addresses from, or null for the one
 *     that fits how they are connected
 * @param roles templates of specs by name, each checked
 */
public record Config(
        Listener api,
        Listener ingress,
        Path stateDir,
        Path imageDir,
        Path desiredVms,
        Backend backend,
        SpecReader.Defaults defaults,
        String node,
        Boots boots,
        Capacity capacity,
        Cgroups cgroups,
        Jailer jailer,
        Limits limits,
        Backoff backoff,
        Brake brake,
        Retention retention,
        String addressRange,
        Network network,
        ImageSettings images,
        Log log,
        Map<String, Map<String, Object>> roles) {

    /**
     * Reads {@code file} and what {@code environment} sets instead.
     *
     * @param host what this host calls itself
     * @throws ConfigException with everything that is wrong
     */
    public static Config load(Path file, Map<String, String> environment, String host) {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException missing) {
            throw new ConfigException(List.of(file + " cannot be read: there is no such file"));
        } catch (IOException unreadable) {
            throw new ConfigException(List.of(file + " cannot be read: " + unreadable.getMessage()));
        }
        return ConfigReader.read(file.toString(), text, environment, host);
    }

    /** Makes the requests for VMs complete that this host gets. */
    public SpecReader specReader() {
        return new SpecReader(defaults, roles).granting(network.grants());
    }

    /** Where addresses come from: {@code usual} when nobody says. */
    String addressRangeOr(String usual) {
        return addressRange == null ? usual : addressRange;
    }

    /** Where one of the two servers listens; port 0 takes any that is free. */
    public record Listener(String host, int port) {}

    /** How many VMs may be on their way up at once; {@code parallel} is 0 when nobody says. */
    public record Boots(int parallel) {
        /** A simulated guest costs next to no processor time. */
        private static final int SIMULATED = 64;

        /** The limit that holds for a backend on a host of so many processors. */
        public int limit(Backend backend, int processors) {
            if (parallel > 0) {
                return parallel;
            }
            return switch (backend) {
                case SIMULATOR -> SIMULATED;
                case FIRECRACKER, CLOUD_HYPERVISOR, QEMU -> processors;
            };
        }
    }

    /**
     * How much of this host is for VMs. Processors and memory are 0 when nobody says.
     *
     * @param vcpusPerProcessor virtual CPUs that share a processor; few guests compute all the time
     * @param memoryHeadroomMib what is left to everything that is not a VM
     */
    public record Capacity(int processors, int vcpusPerProcessor, int memoryMib, int memoryHeadroomMib) {

        /** What holds for a backend on a host with so much. Simulated VMs take nothing, so they end nowhere by themselves. */
        public Room limit(Backend backend, int hostProcessors, long hostMemoryMib) {
            var simulated = backend == Backend.SIMULATOR;
            var vcpus = simulated && processors == 0
                    ? Room.UNLIMITED.vcpus()
                    : (long) (processors == 0 ? hostProcessors : processors) * vcpusPerProcessor;
            var memory = simulated && memoryMib == 0
                    ? Room.UNLIMITED.memoryMib()
                    : (memoryMib == 0 ? hostMemoryMib : memoryMib) - memoryHeadroomMib;
            return new Room(vcpus, Math.max(0, memory));
        }
    }

    /**
     * Whether VMs are bounded by cgroups.
     *
     * @param parent the cgroup that theirs are made in, or null for the one above our own
     */
    public record Cgroups(Cgroups.Mode mode, String parent) {
        public enum Mode {
            /** Where this host lets us. */
            AUTO,
            ON,
            OFF
        }
    }

    /**
     * Whether each Firecracker gets a jail.
     *
     * @param uidBase the first of the users that jailed VMs run as
     */
    public record Jailer(JailerChoice.Use use, int uidBase) {}

    /** How long a VM may take from its start to its guest's first sign of life, to drain, and to end when asked. */
    public record Limits(Duration boot, Duration drain, Duration stop) {}

    /** How the log is written. */
    public record Log(Log.Format format) {
        public enum Format {
            /** Words for people, with the facts of an event behind them. */
            TEXT,
            /** An object on each line. */
            JSON
        }
    }

    /** How long ended VMs stay in lists, and how many events stay in the log. */
    public record Retention(Duration ended, int events) {}

    /**
     * How VMs are connected.
     *
     * @param grants what specs may ask for of this host
     */
    public record Network(Network.Mode mode, String bridge, List<Allow> grants) {
        /** What the cable of a VM is made of. */
        public enum Mode {
            /** Taps where that is possible. */
            AUTO,
            /** A tap of the host for each VM. */
            TAP,
            /** Nothing of the host: QEMU plays the network for its one guest. */
            USER
        }
    }
}
