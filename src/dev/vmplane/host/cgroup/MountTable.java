package dev.vmplane.host.cgroup;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where this process stands in the cgroups of its host, from {@code /proc/self/mountinfo} (see proc(5)) and
 * {@code /proc/self/cgroup} (see cgroups(7)).
 */
final class MountTable {
    private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

    /** Hierarchies by what they are called in {@code /proc/self/cgroup}: their controllers, none for version 2. */
    private final Map<String, Mount> mounts = new HashMap<>();

    private final Map<String, String> places = new HashMap<>();

    /** A mounted hierarchy, and which part of it is seen there. */
    private record Mount(Path point, String root) {}

    MountTable(String mountinfo, String cgroup) {
        mountinfo.lines().forEach(this::mount);
        cgroup.lines().forEach(this::place);
    }

    private void mount(String line) {
        var halves = line.split(" - ", 2);
        if (halves.length < 2) {
            return;
        }
        var where = halves[0].split(" ", -1);
        var what = halves[1].split(" ", 3);
        if (where.length < 6 || what.length < 3) {
            return;
        }
        var mount = new Mount(Path.of(unescaped(where[4])), unescaped(where[3]));
        if (what[0].equals("cgroup2")) {
            mounts.putIfAbsent("", mount);
        } else if (what[0].equals("cgroup")) {
            Arrays.stream(what[2].split(",")).forEach(option -> mounts.putIfAbsent(option, mount));
        }
    }

    private void place(String line) {
        var fields = line.split(":", 3);
        if (fields.length == 3) {
            List.of(fields[1].split(",")).forEach(controller -> places.put(controller, fields[2]));
        }
    }

    /** Where version 2 is mounted. */
    Optional<Path> unified() {
        return Optional.ofNullable(mounts.get("")).map(Mount::point);
    }

    /** Where a controller of version 1 is mounted. */
    Optional<Path> mountOf(Controller controller) {
        return Optional.ofNullable(mounts.get(controller.text())).map(Mount::point);
    }

    /** The cgroup above our own, or the topmost one: {@code ""} names the hierarchy of version 2. */
    Path besideUs(String hierarchy) {
        var mount = mounts.get(hierarchy);
        var own = places.getOrDefault(hierarchy, "/");
        var root = mount.root().equals("/") ? "" : mount.root();
        var seen = own.startsWith(root + "/") ? own.substring(root.length()) : "/";
        var above = seen.substring(0, seen.lastIndexOf('/'));
        return above.contains("/..") ? mount.point() : mount.point().resolve(above.replaceFirst("^/", ""));
    }

    private static String unescaped(String field) {
        return OCTAL.matcher(field)
                .replaceAll(code -> java.util.regex.Matcher.quoteReplacement(
                        String.valueOf((char) Integer.parseInt(code.group(1), 8))));
    }
}
