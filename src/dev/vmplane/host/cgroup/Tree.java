package dev.vmplane.host.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where the cgroups of VMs hang: version 2 has one directory for all controllers, version 1 one for each.
 *
 * <p>They hang beside the control plane's own cgroup, in the one above it, unless the configuration names another place.
 * Not below it: version 2 lets no cgroup that holds processes hand controllers down, and what is below the cgroup of a
 * service ends with the service. And not at the top: what bounds our surroundings, a container or a delegated part of the
 * host, bounds the VMs as well.
 *
 * @param mount where version 2 is mounted, from which controllers are handed down; null for version 1
 * @param parents an existing directory for each controller
 */
record Tree(Path mount, Map<Controller, Path> parents) {

    /** Which one the kernel offers. @throws MissingException if there is none with all controllers */
    static Tree find(MountTable table, String parent) throws IOException {
        var unified = table.unified();
        if (unified.isPresent() && offered(unified.get()).containsAll(EnumSet.allOf(Controller.class))) {
            var place = parent == null ? table.besideUs("") : below(unified.get(), parent);
            return new Tree(unified.get(), same(place));
        }
        var parents = new EnumMap<Controller, Path>(Controller.class);
        for (var controller : Controller.values()) {
            var mount = table.mountOf(controller)
                    .orElseThrow(() -> new MissingException("the controller " + controller.text() + " is not mounted"));
            parents.put(controller, parent == null ? table.besideUs(controller.text()) : below(mount, parent));
        }
        return new Tree(null, parents);
    }

    boolean unified() {
        return mount != null;
    }

    /** The same tree with its branches further out. */
    Tree resolve(String name) {
        var branches = new EnumMap<Controller, Path>(Controller.class);
        parents.forEach((controller, parent) -> branches.put(controller, parent.resolve(name)));
        return new Tree(mount, branches);
    }

    /** Every directory once. */
    Set<Path> directories() {
        return Set.copyOf(parents.values());
    }

    Path of(Controller controller) {
        return parents.get(controller);
    }

    /**
     * From the mount down to where VMs hang, the cgroups that must hand all controllers down. None for version 1, where
     * they always do.
     */
    List<Path> handers() {
        var path = new ArrayList<Path>();
        if (unified()) {
            for (var at = of(Controller.CPU); at.startsWith(mount); at = at.getParent()) {
                path.add(0, at);
            }
        }
        return path;
    }

    /** The controllers a cgroup of version 2 has for itself. */
    static Set<Controller> offered(Path cgroup) throws IOException {
        return controllers(cgroup.resolve("cgroup.controllers"));
    }

    /** The controllers that the cgroups below one of version 2 have. */
    static Set<Controller> handedDown(Path cgroup) throws IOException {
        return controllers(cgroup.resolve("cgroup.subtree_control"));
    }

    private static Set<Controller> controllers(Path file) throws IOException {
        var words = Set.of(Files.readString(file).trim().split("\\s+"));
        return Arrays.stream(Controller.values())
                .filter(controller -> words.contains(controller.text()))
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Controller.class)));
    }

    private static Map<Controller, Path> same(Path place) {
        return Arrays.stream(Controller.values())
                .collect(Collectors.toMap(
                        controller -> controller,
                        controller -> place,
                        (a, b) -> a,
                        () -> new EnumMap<>(Controller.class)));
    }

    private static Path below(Path mount, String parent) {
        return mount.resolve(parent.replaceFirst("^/+", ""));
    }
}
