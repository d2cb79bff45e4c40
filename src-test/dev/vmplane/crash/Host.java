package dev.vmplane.crash;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Looks at a host past the control plane: at what it holds for VMs, and at what it should hold by the rows there are. */
final class Host {
    private static final Pattern VM_ID = Pattern.compile("vm-[a-z0-9]{10}");

    /** What follows the directory of all run directories: that of a database, and that of a VM. */
    private static final Pattern INSIDE = Pattern.compile("[^/]+/(" + VM_ID + ")(?:[/\\x00]|$)");

    private static final Path PROC = Path.of("/proc");
    private static final Path INTERFACES = Path.of("/sys/class/net");
    private static final Path CGROUPS = Path.of("/sys/fs/cgroup");
    private static final int CGROUP_DEPTH = 8;
    private static final int END_LIMIT_SECONDS = 10;
    private static final String OVERLAY = "overlay.img";
    private static final String BRIDGE = "vmplane0";

    private static final String ADDRESSES = "addresses";
    private static final String BRIDGE_PORTS = "bridge ports";
    private static final String CGROUPS_OF_VMS = "cgroups";
    private static final String DISKS = "disks";
    private static final String ELEMENTS = "nft elements";
    private static final String LAUNCHERS = "launchers beside the first";
    private static final String PROCESSES = "processes";
    private static final String RUN_DIRECTORIES = "run directories";
    private static final String SOCKETS = "sockets";
    private static final String TEMPORARY_FILES = "temporary files";

    private final Site site;

    Host(Site site) {
        this.site = site;
    }

    /** What there must be when every row is of a VM that runs. */
    Listing expected(Rows rows) throws IOException {
        var listing = new Listing();
        var taps = Files.exists(INTERFACES.resolve(BRIDGE));
        var cgroups = cgroupParents();
        for (var vm : rows.vms()) {
            listing.add(PROCESSES, vm.vmId() + " pid " + vm.pid());
            listing.add(SOCKETS, vm.vmId() + " api.sock");
            listing.add(RUN_DIRECTORIES, vm.vmId());
            listing.add(DISKS, vm.vmId() + " " + OVERLAY);
            listing.add(ADDRESSES, vm.address());
            if (taps) {
                listing.add(BRIDGE_PORTS, vm.vmId() + " of " + BRIDGE);
                listing.add(ELEMENTS, vm.vmId() + " " + vm.address());
            }
            cgroups.forEach(parent -> listing.add(CGROUPS_OF_VMS, vm.vmId() + " of " + controller(parent)));
        }
        return listing;
    }

    /** What there is. */
    Listing found(Rows rows) throws IOException {
        var listing = new Listing();
        // The address of a row is taken for as long as the row is there: two of one address would be a fault.
        rows.vms().forEach(vm -> listing.add(ADDRESSES, vm.address()));
        forEach(site.runDirectories(), (path, name) -> {
            listing.add(RUN_DIRECTORIES, name);
            if (Files.exists(path.resolve(OVERLAY))) {
                listing.add(DISKS, name + " " + OVERLAY);
            }
        });
        forEach(site.temporaryFiles(), (path, name) -> listing.add(TEMPORARY_FILES, path.toString()));
        forEach(
                in(PROC, "[0-9]*"),
                (process, pid) ->
                        idInside(commandLine(process)).ifPresent(vmId -> listing.add(PROCESSES, vmId + " pid " + pid)));
        launchers().skip(1).forEach(second -> listing.add(LAUNCHERS, "pid " + second.pid()));
        sockets(listing);
        forEach(in(INTERFACES, "vm-*"), (tap, name) -> listing.add(BRIDGE_PORTS, name + " of " + bridgeOf(tap)));
        elements(listing);
        for (var parent : cgroupParents()) {
            forEach(
                    in(parent, "vm-*"),
                    (cgroup, name) -> listing.add(CGROUPS_OF_VMS, name + " of " + controller(parent)));
        }
        return listing;
    }

    /**
     * The tenants that have a server for names, beside the one for VMs of nobody. It follows the rows a moment later, so a
     * difference means that the plane is not at rest yet.
     */
    SortedSet<String> tenantsWithNames() throws IOException {
        var tenants = new TreeSet<String>();
        for (var process : in(PROC, "[0-9]*")) {
            var named = namesPattern().matcher(commandLine(process));
            if (named.find() && !named.group(1).startsWith("_")) {
                tenants.add(named.group(1));
            }
        }
        return tenants;
    }

    /** Those that must have one; every job of the suite is a tenant of its own. */
    SortedSet<String> tenantsExpected(Rows rows) {
        return !Files.exists(INTERFACES.resolve(BRIDGE))
                ? new TreeSet<>()
                : rows.vms().stream()
                        .map(Rows.Vm::jobId)
                        .filter(Objects::nonNull)
                        .collect(Collectors.toCollection(TreeSet::new));
    }

    private Pattern namesPattern() throws IOException {
        var id = site.databaseId().orElse("none");
        return Pattern.compile("(?:/names/%s|/%s/names)/([^/]+)/".formatted(id, id));
    }

    /** Ends everything that has outlived its control plane, and takes away what nobody else will. */
    void clear() throws IOException {
        for (var process : processes()) {
            process.destroyForcibly();
            process.onExit().orTimeout(END_LIMIT_SECONDS, TimeUnit.SECONDS).join();
        }
        for (var parent : cgroupParents()) {
            for (var cgroup : in(parent, "vm-*")) {
                Files.delete(cgroup);
            }
            Files.delete(parent);
        }
    }

    /** All processes that outlive a control plane: those of VMs, doubled ones among them, and the launcher. */
    private List<ProcessHandle> processes() throws IOException {
        var names = namesPattern();
        var resolvers = processes(command -> names.matcher(command).find());
        return Stream.of(launchers(), running(), resolvers)
                .flatMap(some -> some)
                .toList();
    }

    /** The processes that start VMs for this state directory; one is enough. */
    Stream<ProcessHandle> launchers() throws IOException {
        return processes(command -> command.contains(site.state() + "/launcher"));
    }

    private Stream<ProcessHandle> running() throws IOException {
        return processes(command -> idInside(command).isPresent());
    }

    private static Stream<ProcessHandle> processes(Predicate<String> which) throws IOException {
        return in(PROC, "[0-9]*").stream()
                .filter(process -> which.test(commandLine(process)))
                .map(process ->
                        ProcessHandle.of(Long.parseLong(process.getFileName().toString())))
                .flatMap(Optional::stream);
    }

    private void sockets(Listing listing) throws IOException {
        try (var lines = Files.lines(PROC.resolve("net/unix"), ISO_8859_1)) {
            // A connection under way shows the path of the socket it was made to.
            lines.map(line -> line.substring(line.lastIndexOf(' ') + 1))
                    .distinct()
                    .forEach(path -> idInside(path)
                            .ifPresent(vmId -> listing.add(
                                    SOCKETS, vmId + " " + Path.of(path).getFileName())));
        }
    }

    private void elements(Listing listing) throws IOException {
        if (!Files.exists(INTERFACES.resolve(BRIDGE))) {
            return;
        }
        var nft = new ProcessBuilder("nft", "list", "set", "bridge", "vmplane_" + BRIDGE, "guests").start();
        var element = Pattern.compile("\"?(" + VM_ID + ")\"? \\. [0-9a-f:]+ \\. ([0-9.]+)");
        try (var output = nft.inputReader()) {
            output.lines()
                    .flatMap(line -> element.matcher(line).results())
                    .forEach(found -> listing.add(ELEMENTS, found.group(1) + " " + found.group(2)));
        }
    }

    private static String bridgeOf(Path tap) {
        try {
            return Files.readSymbolicLink(tap.resolve("master")).getFileName().toString();
        } catch (IOException none) {
            return "none";
        }
    }

    /** The directories in which the cgroups of this database's VMs hang, one for each hierarchy that is used. */
    private List<Path> cgroupParents() throws IOException {
        var database = site.databaseId();
        if (database.isEmpty()) {
            return List.of();
        }
        try (var all = Files.find(
                CGROUPS,
                CGROUP_DEPTH,
                (path, attributes) -> attributes.isDirectory() && path.endsWith("vmplane/" + database.get()))) {
            return all.toList();
        }
    }

    private static String controller(Path cgroup) {
        return CGROUPS.relativize(cgroup).getName(0).toString();
    }

    /** The VM whose run directory is named in {@code text}. */
    private Optional<String> idInside(String text) {
        var start = site.state() + "/run/";
        var at = text.indexOf(start);
        if (at < 0) {
            return Optional.empty();
        }
        var inside = INSIDE.matcher(text.substring(at + start.length()));
        return inside.lookingAt() ? Optional.of(inside.group(1)) : Optional.empty();
    }

    private static String commandLine(Path process) {
        try {
            return Files.readString(process.resolve("cmdline"), ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    private static List<Path> in(Path directory, String pattern) throws IOException {
        try (var entries = Files.newDirectoryStream(directory, pattern)) {
            var all = new ArrayList<Path>();
            entries.forEach(all::add);
            return all;
        } catch (NoSuchFileException none) {
            return List.of();
        }
    }

    private static void forEach(List<Path> paths, BiConsumer<Path, String> look) {
        paths.forEach(path -> look.accept(path, path.getFileName().toString()));
    }
}
