package dev.vmplane.image;

import java.util.ArrayDeque;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The folders and links of an image, as its layers come on top of each other. Whoever unpacks follows the links inside the
 * image only; what lies behind a link that leads anywhere else is refused here all the same, because nobody who means well
 * packs such a thing.
 */
final class LayerTree {
    /** As many as Linux follows. */
    private static final int MAX_LINKS = 40;

    private final NavigableSet<String> folders = new TreeSet<>();
    private final NavigableMap<String, String> links = new TreeMap<>();

    /** Puts {@code layer} on top. Where it is both, a folder and a link, it is taken for the more dangerous of the two. */
    void add(LayerScan layer) {
        layer.gone().forEach(this::forget);
        layer.emptied().forEach(this::forgetBelow);
        for (var folder : layer.folders()) {
            links.remove(folder);
            addFolder(folder);
        }
        layer.links().forEach((name, target) -> {
            forget(name);
            links.put(name, target);
        });
        // Folders that are named nowhere but in the names of files are there all the same, for links to lead to.
        layer.through().stream()
                .filter(folder -> resolve(folder).equals(folder))
                .forEach(this::addFolder);
        layer.through().forEach(this::refuseUnlessInside);
    }

    private void refuseUnlessInside(String folder) {
        var reached = resolve(folder);
        if (!reached.isEmpty() && !folders.contains(reached)) {
            throw bad(folder, "leads by a link to what is not in the image");
        }
    }

    private void forget(String name) {
        folders.remove(name);
        links.remove(name);
        forgetBelow(name);
    }

    private void forgetBelow(String folder) {
        var first = folder.isEmpty() ? "" : folder + "/";
        var behind = folder.isEmpty() ? "\uffff" : folder + "0";
        folders.subSet(first, behind).clear();
        links.subMap(first, behind).clear();
    }

    private void addFolder(String name) {
        for (var end = name.indexOf('/'); end >= 0; end = name.indexOf('/', end + 1)) {
            folders.add(name.substring(0, end));
        }
        folders.add(name);
    }

    /** What {@code folder} is once every link on the way is followed, as seen from inside the image; empty for its root. */
    private String resolve(String folder) {
        var left = new ArrayDeque<>(List.of(folder.split("/")));
        var here = new ArrayDeque<String>();
        var followed = 0;
        while (!left.isEmpty()) {
            var component = left.poll();
            if (component.isEmpty() || component.equals(".")) {
                continue;
            }
            if (component.equals("..")) {
                if (here.pollLast() == null) {
                    throw bad(folder, "leads out of the image by a link");
                }
                continue;
            }
            here.add(component);
            var target = links.get(String.join("/", here));
            if (target != null) {
                if (++followed > MAX_LINKS) {
                    throw bad(folder, "leads in a circle of links");
                }
                here.pollLast();
                if (target.startsWith("/")) {
                    here.clear();
                }
                var steps = target.split("/", -1);
                for (int step = steps.length - 1; step >= 0; step--) {
                    left.push(steps[step]);
                }
            }
        }
        return String.join("/", here);
    }

    private static ImageTrouble bad(String folder, String what) {
        return ImageTrouble.bad("image_bad_link", "it has a file in " + LayerScan.shown(folder) + ", which " + what);
    }
}
