package dev.vmplane.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** How the volumes of a boot are written. What it writes, it reads back as equal records. */
final class VolumeDocument {
    /** Root, configuration and scratch disk come first; the machines have room for at least this many more. */
    private static final int MAX_VOLUMES = 8;

    private static final Fields.Form MOUNT = new Fields.Form(
            "(?=.{2,255}$)(?!/(dev|proc|sys)(/|$))(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)+",
            "an absolute path in the guest such as /var/lib/data, without . or .., and not in /dev, /proc or /sys");

    private VolumeDocument() {}

    static List<Map<String, Object>> of(List<VolumeMount> volumes) {
        return volumes.stream()
                .<Map<String, Object>>map(volume -> new TreeMap<>(
                        Map.of("name", volume.name(), "mount", volume.mount(), "size_mb", volume.sizeMib())))
                .toList();
    }

    static List<VolumeMount> read(Fields fields) {
        var volumes = new ArrayList<VolumeMount>();
        var names = new HashSet<String>();
        var mounts = new HashSet<String>();
        for (var each : fields.objects("volumes")) {
            var volume = read(each, names, mounts);
            if (volume != null) {
                volumes.add(volume);
            }
        }
        if (volumes.size() > MAX_VOLUMES) {
            fields.refuseField("out_of_range", "volumes", "cannot be " + volumes.size() + ": at most " + MAX_VOLUMES);
        }
        volumes.sort(Comparator.comparing(VolumeMount::name));
        return List.copyOf(volumes);
    }

    private static VolumeMount read(Fields fields, Set<String> names, Set<String> mounts) {
        var name = fields.text("name", Wish.ID);
        var mount = fields.text("mount", MOUNT);
        fields.require("size_mb", "how much it can hold, in MiB");
        var size =
                fields.integer("size_mb", BootDocument.MIN_DISK_MB, BootDocument.MIN_DISK_MB, BootDocument.MAX_DISK_MB);
        fields.end();
        if (name == null || mount == null) {
            return null;
        }
        if (!names.add(name)) {
            fields.refuseField("bad_value", "name", "cannot be '" + name + "': another volume has that name");
        }
        if (!mounts.add(mount)) {
            fields.refuseField("bad_value", "mount", "cannot be '" + mount + "': another volume is mounted there");
        }
        return new VolumeMount(name, mount, size);
    }
}
