package dev.vmplane.host.cgroup;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.vmplane.host.Holding;
import dev.vmplane.host.HostWork;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Overhead;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Lends every VM a cgroup, {@code vmplane/<database>/<vm_id>} of its {@link Tree}, that bounds processor time, memory and
 * processes of its hypervisor. The process that is to be bounded writes itself into {@link #processLists} before it
 * becomes the hypervisor, so that nothing it does is unbounded and no thread of it is left out.
 */
public final class Cgroups implements Holding {
    private static final Pattern VM_ID = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9-]{0,62}");
    private static final Path PROC_SELF = Path.of("/proc/self");
    private static final String TOP = "vmplane";

    /** A cgroup can be removed a moment after its last process has ended. */
    private static final Duration REMOVAL_PAUSE = Duration.ofMillis(50);

    private static final int REMOVAL_TRIES = 60;

    private final Tree tree;
    private final Overhead overhead;
    private final HostWork work;
    private final Time time;

    private Cgroups(Tree tree, Overhead overhead, WorkerExecutor worker, Time time) {
        this.tree = tree;
        this.overhead = overhead;
        this.work = new HostWork(worker);
        this.time = time;
    }

    /**
     * Finds the cgroups of this host and makes the place where those of VMs hang. Fails when there are none that can be
     * written, and says what is missing.
     *
     * @param parent the cgroup to make it in, such as {@code /vmplane.slice}, or null for the one above our own
     * @param overhead what a VM's memory limit holds beside the memory of its guest
     */
    public static Future<Cgroups> open(
            String parent, String databaseId, Overhead overhead, WorkerExecutor worker, Time time) {
        return worker.executeBlocking(
                () -> {
                    var table = new MountTable(
                            Files.readString(PROC_SELF.resolve("mountinfo")),
                            Files.readString(PROC_SELF.resolve("cgroup")));
                    return at(Tree.find(table, parent), databaseId, overhead, worker, time);
                },
                false);
    }

    /** As above, on a tree that is known; blocks for a moment. */
    static Cgroups at(Tree parent, String databaseId, Overhead overhead, WorkerExecutor worker, Time time)
            throws IOException {
        var cgroups = new Cgroups(parent.resolve(TOP).resolve(databaseId), overhead, worker, time);
        cgroups.grow();
        return cgroups;
    }

    @Override
    public String kind() {
        return "cgroup";
    }

    /** The files through which a process joins the VM's cgroup, whether or not that exists. */
    public List<Path> processLists(String vmId) {
        return of(vmId).directories().stream()
                .sorted()
                .map(directory -> directory.resolve("cgroup.procs"))
                .toList();
    }

    @Override
    public Future<Void> lend(MicroVm vm) {
        var limits = Limits.of(vm.boot().resources(), overhead);
        return work.run(ReasonCode.LIMITS_FAILED, "vm " + vm.vmId() + " cannot be limited", () -> {
            limit(of(vm.vmId()), limits);
            return null;
        });
    }

    private void limit(Tree own, Limits limits) throws IOException {
        try {
            grow();
            for (var directory : own.directories()) {
                Files.createDirectories(directory);
            }
            for (var setting : limits.settings(tree.unified())) {
                var file = own.of(setting.controller()).resolve(setting.file());
                if (!setting.optional() || Files.exists(file)) {
                    write(file, setting.value());
                }
            }
        } catch (IOException failed) {
            for (var directory : own.directories()) {
                removeQuietly(directory, failed);
            }
            throw failed;
        }
    }

    private static void removeQuietly(Path directory, IOException failed) {
        try {
            Files.deleteIfExists(directory);
        } catch (IOException stays) {
            failed.addSuppressed(stays);
        }
    }

    @Override
    public Future<Set<String>> held() {
        return work.run("cgroups cannot be listed", () -> {
            var held = new HashSet<String>();
            for (var directory : tree.directories()) {
                held.addAll(vmsIn(directory));
            }
            return Set.copyOf(held);
        });
    }

    /** What each VM has used that has a cgroup. */
    public Future<Map<String, Usage>> usages() {
        return work.run("what cgroups use cannot be read", () -> {
            var usages = new HashMap<String, Usage>();
            for (var vmId : vmsIn(tree.of(Controller.MEMORY))) {
                UsageFiles.read(tree.resolve(vmId)).ifPresent(usage -> usages.put(vmId, usage));
            }
            return Map.copyOf(usages);
        });
    }

    private static Set<String> vmsIn(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.filter(Files::isDirectory)
                    .map(entry -> entry.getFileName().toString())
                    .filter(VM_ID.asMatchPredicate())
                    .collect(Collectors.toSet());
        } catch (NoSuchFileException nothingLentYet) {
            return Set.of();
        }
    }

    /**
     * Version 2 kills what is left in it; with version 1 that is whoever ends the hypervisor's process to do, because its
     * list of pids may be outdated before it is read to its end.
     */
    @Override
    public Future<Void> takeBack(String vmId) {
        var own = of(vmId);
        var removed = Promise.<Void>promise();
        remove(vmId, own, REMOVAL_TRIES, removed);
        return removed.future();
    }

    private void remove(String vmId, Tree own, int triesLeft, Promise<Void> removed) {
        work.<Void>run("vm " + vmId + " cannot give back its cgroup", () -> {
                    for (var directory : own.directories()) {
                        remove(directory);
                    }
                    return null;
                })
                .onComplete(done -> removed.complete(), cause -> {
                    if (triesLeft > 1) {
                        time.after(REMOVAL_PAUSE, () -> remove(vmId, own, triesLeft - 1, removed));
                    } else {
                        removed.fail(cause);
                    }
                });
    }

    private static void remove(Path cgroup) throws IOException {
        var kill = cgroup.resolve("cgroup.kill");
        if (Files.exists(kill)) {
            write(kill, "1");
        }
        Files.deleteIfExists(cgroup);
    }

    private Tree of(String vmId) {
        if (!VM_ID.matcher(vmId).matches()) {
            throw new IllegalArgumentException("'" + vmId + "' cannot be the id of a VM");
        }
        return tree.resolve(vmId);
    }

    /** Makes the place where cgroups of VMs hang, and has all controllers handed down to there. */
    private void grow() throws IOException {
        for (var directory : tree.directories()) {
            Files.createDirectories(directory);
        }
        for (var hander : tree.handers()) {
            var missing = EnumSet.allOf(Controller.class);
            missing.removeAll(Tree.handedDown(hander));
            if (!missing.isEmpty()) {
                var words = missing.stream()
                        .sorted(Comparator.naturalOrder())
                        .map(controller -> "+" + controller.text())
                        .collect(Collectors.joining(" "));
                write(hander.resolve("cgroup.subtree_control"), words);
            }
        }
    }

    /** The message of a failed write names the file and no directory: tenants may read it. */
    private static void write(Path file, String value) throws IOException {
        try {
            Files.write(file, value.getBytes(UTF_8));
        } catch (FileSystemException failed) {
            throw failed;
        } catch (IOException failed) {
            var why = file.getFileName() + " cannot be " + value + ", " + failed.getMessage();
            throw new FileSystemException(file.toString(), null, why);
        }
    }
}
