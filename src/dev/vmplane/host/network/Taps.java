package dev.vmplane.host.network;

import dev.vmplane.host.HostException;
import dev.vmplane.host.network.HostTool.Outcome;
import dev.vmplane.model.ReasonCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Makes and removes the taps of a bridge, many in one run of {@code ip}. Every method blocks.
 *
 * <p>A tap is set up before it is brought up: its port is isolated, so that frames go from it to the host and to no other
 * guest, and it has no address of its own, not even a link-local one.
 */
final class Taps {
    /** How VMs are called, and nothing else that a host has for an interface. */
    private static final Pattern VM_ID = Pattern.compile("vm-[a-z0-9]{10}");

    /** Removing a group of interfaces takes the kernel hardly longer than removing one. The number means nothing. */
    private static final int LEAVING = 1_987_079_278;

    private static final Pattern FAILED = Pattern.compile("Command failed .*:(\\d+)$");
    private static final List<String> BATCH = List.of("-force", "-batch");

    private final String bridge;
    private final HostTool ip;
    private final Interfaces interfaces;

    Taps(String bridge, HostTool ip, Interfaces interfaces) {
        this.bridge = bridge;
        this.ip = ip;
        this.interfaces = interfaces;
    }

    /**
     * A tap that shall be there, or that shall not.
     *
     * @param owner the user that will open it, if that is not ours
     */
    record Wish(String vmId, boolean there, OptionalInt owner) {
        static Wish gone(String vmId) {
            return new Wish(vmId, false, OptionalInt.empty());
        }
    }

    /** The VMs that have one, by id. */
    Set<String> there() throws IOException {
        return interfaces.portsOf(bridge).stream()
                .filter(VM_ID.asMatchPredicate())
                .collect(Collectors.toUnmodifiableSet());
    }

    Map<Wish, HostException> apply(List<Wish> wishes) throws IOException, InterruptedException {
        var failures = new HashMap<Wish, HostException>();
        remove(wishes.stream().filter(wish -> !wish.there()).toList(), failures);
        make(wishes.stream().filter(Wish::there).toList(), failures);
        return failures;
    }

    private void make(List<Wish> wishes, Map<Wish, HostException> failures) throws IOException, InterruptedException {
        var lines = new ArrayList<String>();
        var wishOfLine = new ArrayList<Wish>();
        for (var wish : wishes) {
            var name = wish.vmId();
            var there = interfaces.exists(name);
            if (!VM_ID.matcher(name).matches() || (there && !ours(name))) {
                failures.put(wish, failure(wish, "an interface called " + name + " is there and not ours"));
                continue;
            }
            for (var line : setUp(wish, there)) {
                lines.add(line);
                wishOfLine.add(wish);
            }
        }
        var refused = run(lines, wishOfLine);
        if (!refused.isEmpty()) {
            remove(List.copyOf(refused.keySet()), new HashMap<>());
            refused.forEach((wish, why) -> failures.put(wish, failure(wish, "ip says " + why)));
        }
    }

    /** One of this bridge, or one that was made and not set up to the end. */
    private boolean ours(String name) throws IOException {
        var master = interfaces.bridgeOf(name);
        return interfaces.isTap(name) && (master.isEmpty() || master.equals(bridge));
    }

    private List<String> setUp(Wish wish, boolean there) {
        var name = wish.vmId();
        var lines = new ArrayList<String>();
        if (!there) {
            var user = wish.owner().isPresent() ? " user " + wish.owner().getAsInt() : "";
            lines.add("tuntap add dev " + name + " mode tap vnet_hdr" + user);
        }
        lines.add("link set dev " + name + " addrgenmode none master " + bridge);
        lines.add("link set dev " + name + " type bridge_slave isolated on");
        lines.add("link set dev " + name + " up");
        return lines;
    }

    private void remove(List<Wish> wishes, Map<Wish, HostException> failures) throws IOException, InterruptedException {
        var lines = new ArrayList<String>();
        var wishOfLine = new ArrayList<Wish>();
        for (var wish : wishes) {
            if (interfaces.exists(wish.vmId()) && ours(wish.vmId())) {
                lines.add("link set dev " + wish.vmId() + " group " + LEAVING);
                wishOfLine.add(wish);
            }
        }
        if (lines.isEmpty()) {
            return;
        }
        lines.add("link delete group " + LEAVING);
        run(lines, wishOfLine);
        for (var wish : wishOfLine) {
            if (interfaces.exists(wish.vmId())) {
                failures.put(wish, failure(wish, "its tap is still there"));
            }
        }
    }

    /** Runs all lines, each on its own; answers whose failed, and why. */
    private Map<Wish, String> run(List<String> lines, List<Wish> wishOfLine) throws IOException, InterruptedException {
        var refused = new HashMap<Wish, String>();
        if (lines.isEmpty()) {
            return refused;
        }
        var outcome = ip.runScript(BATCH, String.join("\n", lines) + "\n");
        if (!outcome.good()) {
            complaints(outcome).forEach((line, why) -> {
                if (line < wishOfLine.size()) {
                    refused.putIfAbsent(wishOfLine.get(line), why);
                }
            });
            if (refused.isEmpty()) {
                wishOfLine.forEach(wish -> refused.put(wish, outcome.complaint()));
            }
        }
        return refused;
    }

    /** What was said of each line that failed, counted from 0: the text before the line that names it. */
    private static Map<Integer, String> complaints(Outcome outcome) {
        var complaints = new HashMap<Integer, String>();
        var said = "";
        for (var text : outcome.output().lines().toList()) {
            var failed = FAILED.matcher(text);
            if (failed.matches()) {
                complaints.put(Integer.parseInt(failed.group(1)) - 1, said);
            } else {
                said = text.strip();
            }
        }
        return complaints;
    }

    private static HostException failure(Wish wish, String why) {
        return new HostException(
                ReasonCode.NETWORK_FAILED,
                "vm " + wish.vmId() + " cannot be " + (wish.there() ? "connected: " : "disconnected: ") + why,
                null);
    }
}
